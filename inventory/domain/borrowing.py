"""What a borrowing institution sees of its requests, and what it may say of its loans. Pure."""

from inventory.domain.words import Word

NOTE_CHARACTERS_MAX = 200


class BorrowerState(Word):
    """How far a request is, as the institution that asked is told: nothing of shelves, waves and searches."""

    ASKED = "asked", "待答复", "asked"
    REFUSED = "refused", "未同意", "refused"
    WITHDRAWN = "withdrawn", "已撤回", "withdrawn"
    APPROVED = "approved", "已同意，备档中", "approved, being prepared"
    OUT = "out", "在借", "with you"
    DONE = "done", "已办结", "done"


class Message(Word):
    """What a borrower says of a loan; the window acts on it."""

    RENEWAL_ASKED = "renewal_asked", "申请续借", "ask to renew"
    ACKNOWLEDGED = "acknowledged", "确认收到提醒", "acknowledge"
    RETURN_ANNOUNCED = "return_announced", "告知归还", "announce its return"
