"""What programs ask: `/api/v1` in JSON, the same operations as the pages. `docs/api.md` tells how."""
