"""A borrowing institution's own requests."""

from inventory.domain.borrowing import Message

ASKED_AS = {"loans.told.{}": Message, "loans.said.{}": Message}

TEXTS = {
    "nav.loans": ("本单位借阅", "Our requests"),
    "loans.title": ("本单位借阅", "Our requests"),
    "loans.note": (
        "借阅、查阅请持介绍信到窗口办理；这里可查看进展，并就在借档案告知窗口。",
        "Ask at a window, with your letter. Here you see how far it is, and tell the window about what you have on loan.",
    ),
    "loans.open": ("办理中", "Open"),
    "loans.all": ("全部", "All"),
    "loans.request": ("申请", "Request"),
    "loans.what": ("事项", "What"),
    "loans.asked": ("受理", "Taken in"),
    "loans.state": ("进展", "How far"),
    "loans.promised": ("承诺 {day} 前", "promised for {day}"),
    "loans.due": ("应还", "Due back"),
    "loans.tell": ("告知窗口", "Tell the window"),
    "loans.say": ("说明", "Note"),
    "loans.said.renewal_asked": ("已申请续借", "renewal asked for"),
    "loans.said.acknowledged": ("已确认", "acknowledged"),
    "loans.said.return_announced": ("已告知归还", "return announced"),
    "loans.told.renewal_asked": ("{number}：续借申请已转窗口。", "{number}: the window has your wish to renew."),
    "loans.told.acknowledged": ("{number}：已确认。", "{number}: acknowledged."),
    "loans.told.return_announced": ("{number}：窗口已知悉归还。", "{number}: the window knows that it is coming back."),
    "loans.none": ("没有申请", "No requests"),
    "loans.none.note": (
        "本单位在窗口提出的借阅和查阅会列在这里。",
        "What your institution asks for at a window stands here.",
    ),
}
