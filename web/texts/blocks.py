"""The building blocks: verdicts, fields, the second person, scanning."""

TEXTS = {
    "verdict.good": ("成功", "OK"),
    "verdict.bad": ("未办理", "NOT OK"),
    "field.optional": ("选填", "optional"),
    "field.choose": ("请选择", "choose"),
    "second.title": ("第二人确认", "The second person"),
    "second.login": ("用户名", "User name"),
    "second.secret": ("六位口令，或密码", "PIN of six digits, or password"),
    "scan.label": ("扫描档案", "Scan dossiers"),
    "scan.label.place": ("扫描库位和档案", "Scan the place and the dossiers"),
    "scan.keys": (
        "扫完按回车办理，Esc 删除最后一份",
        "Enter on an empty line records it, Esc takes out the last",
    ),
    "scan.keys.place": (
        "扫完再扫一次库位（或按回车）即办理，Esc 删除最后一份",
        "Scan the place again (or press Enter) to record it, Esc takes out the last",
    ),
    "scan.target": ("目的所在", "Goes to"),
    "scan.target.none": ("未扫描", "not scanned yet"),
    "scan.tally": ("份", "in the batch"),
    "scan.twice": ("已在批次中", "already in the batch"),
    "scan.no_place": ("此处不需要库位", "no place is wanted here"),
    "scan.away": ("服务器无响应，请重新扫描", "the server doesn't answer; scan again"),
    "scan.typed": ("每行一个编号", "One number a line"),
    "scan.remove": ("移除 {code}", "Take {code} out"),
}
