-- What lies on a desk's pad or in a tunnel, to whoever stands there. Run as guiwei_owner.
--
-- A county's clerk sees none of another county's tags, and a stranger among his own would be invisible: so these tell of whatever lies
-- there, the EPC alone where the volume isn't his to know.

-- What antennas that read whole sets have read at a place, of tags that are on volumes.
CREATE FUNCTION pad_rows(the_place text, since timestamptz, until timestamptz) RETURNS TABLE (
    epc bytea, volume_id integer, reader_id integer, antenna_id integer, first_at timestamptz, last_at timestamptz, reads integer,
    rssi_reads integer, rssi_sum bigint
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT tag.epc, CASE WHEN seen_agency() IN (0, volume.agency_id) THEN volume.id END, antenna.reader_id, antenna.id,
           evidence.first_at, evidence.last_at, evidence.reads, evidence.rssi_reads, evidence.rssi_sum_cdbm
    FROM place JOIN antenna ON antenna.place_id = place.id AND role IN ('tunnel', 'desk')
    JOIN evidence ON evidence.antenna_id = antenna.id AND slice_start >= since - interval '1 minute' AND slice_start < until
                 AND evidence.last_at >= since AND evidence.first_at < until
    JOIN tag ON tag.id = evidence.tag_id JOIN volume ON volume.id = tag.volume_id
    WHERE seen_agency() IS NOT NULL AND place.code = the_place
$$;

-- The HF tags of dossiers laid on a desk's card readers since then; badges, and whatever else people carry, are nobody's business.
CREATE FUNCTION desk_taps(the_place text, since timestamptz) RETURNS TABLE (epc bytea, volume_id integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT DISTINCT tag.epc, CASE WHEN seen_agency() IN (0, volume.agency_id) THEN volume.id END
    FROM place JOIN antenna ON antenna.place_id = place.id AND role = 'desk' JOIN tap ON tap.reader_id = antenna.reader_id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN octet_length(tap.uid) % 2 = 1 THEN '\x00'::bytea || tap.uid ELSE tap.uid END AS words) AS whole
    JOIN tag ON (tag.epc = words OR tag.tid = words) AND retired_at IS NULL JOIN volume ON volume.id = tag.volume_id
    WHERE seen_agency() IS NOT NULL AND place.code = the_place AND is_live AND tap.received_at >= since
      AND NOT EXISTS (SELECT FROM badge WHERE badge.uid = tap.uid)
$$;

REVOKE ALL ON FUNCTION pad_rows(text, timestamptz, timestamptz), desk_taps(text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pad_rows(text, timestamptz, timestamptz), desk_taps(text, timestamptz) TO guiwei_app;
