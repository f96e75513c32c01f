"""What a session tries in another's name, by the constraint that refuses it: raw SQL with the application's password."""

BREAKS = {
    "act_in_own_name": (
        "clerk",
        (
            "SELECT ledger_append(gen_random_uuid(), '\\x00', 'reshelved', (SELECT id FROM account WHERE login = 'keeper'), NULL, "
            "array_agg(volume_id), array_agg(version), array[(SELECT id FROM place WHERE code = 'A-02')], array[NULL]::text[], NULL, "
            "NULL, now()) FROM holding"
        ),
    ),
    "act_on_own_volumes": (
        "strange_head",
        (
            "SELECT ledger_append(gen_random_uuid(), '\\x00', 'deceased', (SELECT id FROM account WHERE login = 'strange_head'), "
            "NULL, ARRAY[{volume}], ARRAY[{version}], ARRAY[NULL]::integer[], ARRAY['{{\"died_on\": \"2026-01-01\"}}'], '证明 1', "
            "NULL, now())"
        ),
    ),
    "second_person_proven": (
        "keeper",
        (
            "SELECT ledger_append(gen_random_uuid(), '\\x00', 'reshelved', (SELECT id FROM account WHERE login = 'keeper'), "
            "(SELECT id FROM account WHERE login = 'clerk'), array_agg(volume_id), array_agg(version), "
            "array[(SELECT id FROM place WHERE code = 'A-02')], array[NULL]::text[], NULL, NULL, now()) FROM holding"
        ),
    ),
    "dossier_moves_by_the_city": ("clerk", "SELECT agency_merger_move({merger}, current_date, now())"),
    "request_routed_by_asker": ("stranger", "SELECT request_route(1, 'D-1', 'd-1', '{{}}')"),
    "discrepancy_in_own_name": (
        "keeper",
        (
            "UPDATE discrepancy SET state = 'resolved', outcome = 'put_back', closed_at = now(), "
            "closed_by = (SELECT id FROM account WHERE login = 'second')"
        ),
    ),
    "acknowledged_in_own_name": (
        "keeper",
        "INSERT INTO alarm_acknowledgement SELECT gen_random_uuid(), id, now(), true, 'x' FROM account WHERE login = 'second'",
    ),
    "rearmed_in_own_name": (
        "keeper",
        (
            "INSERT INTO gate_rearming (gate_place_id, account_id, at) SELECT min(place.id), min(account.id), now() "
            "FROM place, account WHERE login = 'second'"
        ),
    ),
}
