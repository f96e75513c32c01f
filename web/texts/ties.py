"""Ties of people to dossiers, as the security administrator sees them."""

ASKED_AS = {"ties.tie.{}": ("own", "relative")}

TEXTS = {
    "nav.ties": ("回避申报", "Ties"),
    "ties.title": ("回避申报", "Ties"),
    "ties.note": (
        "申报了本人或亲属的人员不得经办、查阅相应档案。误报可撤销，须注明原因，记录永久保留。",
        "Whoever declares a tie handles no such dossier. A mistake is withdrawn with a reason and stays on record.",
    ),
    "ties.tie": ("关系", "Tie"),
    "ties.tie.own": ("本人", "own"),
    "ties.tie.relative": ("亲属", "a relative's"),
    "ties.by_number": ("按身份证号", "by ID number"),
    "ties.by_dossier": ("按档案", "by dossier"),
    "ties.declared": ("申报", "Declared"),
    "ties.state": ("状态", "State"),
    "ties.stands": ("有效", "stands"),
    "ties.withdrawn": ("已撤销", "withdrawn"),
    "ties.withdraw": ("撤销", "Withdraw"),
    "ties.reason": ("撤销原因", "Why"),
    "ties.done": ("申报已撤销，记录保留。", "The tie is withdrawn, and stays on record."),
    "ties.none": ("没有申报", "Nothing was declared"),
}
