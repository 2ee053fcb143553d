-- The same row security, on the Supabase-like database.
\ir rls.sql
