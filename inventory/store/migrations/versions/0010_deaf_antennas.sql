-- Of several antennas on one side of a gate, those that hear nothing of passages the others hear. Run as guiwei_owner.

ALTER TABLE gate_pulse ADD COLUMN deaf_antenna_ids integer[] NOT NULL DEFAULT '{}';
