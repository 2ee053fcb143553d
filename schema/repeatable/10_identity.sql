-- Makes an owner's identity hold for the rest of the transaction: SELECT tidemark.act_as('…').
-- EXECUTE of SET LOCAL and not set_config(): a distributed engine forwards the former to its workers, the latter not.
-- Both settings are written, because a leftover request.jwt.claim.sub would win over the claims.
CREATE OR REPLACE FUNCTION tidemark.act_as(owner uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF owner IS NULL THEN
        RAISE EXCEPTION 'act_as: an owner is needed' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    EXECUTE pg_catalog.format('SET LOCAL "request.jwt.claims" = %L',
        pg_catalog.json_build_object('sub', owner, 'role', 'authenticated'));
    EXECUTE pg_catalog.format('SET LOCAL "request.jwt.claim.sub" = %L', owner);
END
$$;
COMMENT ON FUNCTION tidemark.act_as(uuid) IS 'tidemark: the rest of the transaction is this owner''s';
