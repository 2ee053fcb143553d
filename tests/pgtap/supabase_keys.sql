-- The same lint; the functions of public may be anybody's there by default, ours may not.
\ir keys.sql
