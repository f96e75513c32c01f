"""The station: acts done by scanning."""

ASKED_AS = {
    "station.group.{}": ("shelf", "arrival", "envelope", "person"),
    "station.other.{}": ("labels", "tags", "loose", "digitisation", "reshelving"),
    "card.{}": ("done", "undo"),
}

TEXTS = {
    "station.title": ("工位", "Station"),
    "station.note": ("选择经办，然后只管扫描。", "Choose what you are doing, then just scan."),
    "station.group.shelf": ("上下架与移位", "Shelves"),
    "station.group.arrival": ("到件", "Coming in"),
    "station.group.envelope": ("封装与材料", "Envelope and contents"),
    "station.group.person": ("人员", "Persons"),
    "station.others": ("其他工作", "Other work"),
    "station.other.labels": ("制作、核验标签", "Make and verify labels"),
    "station.other.tags": ("装标签", "Tags"),
    "station.other.loose": ("散材料", "Loose materials"),
    "station.other.digitisation": ("数字化", "Digitisation"),
    "station.other.reshelving": ("倒架计划", "Bulk re-shelving"),
    "station.two": ("两人", "two people"),
    "station.record": ("办理{act}", "Record: {act}"),
    "station.done": ("{act} {count} 份", "{count} {act}"),
    "station.done_before": ("此批已办理过：{act} {count} 份", "Done before: {count} {act}"),
    "station.nothing_done": ("整批未办理，没有任何变化", "Nothing was recorded"),
    "station.authority": ("依据（文号）", "Authority (number of the document)"),
    "station.reason": ("原因", "Reason"),
    "station.leads": ("可到：", "Leads to:"),
    "station.or": ("、", ", "),
    "station.earlier": ("补记、备注", "Done earlier, or with a note"),
    "station.rules": ("有关规定", "The rules"),
    "station.happened_at": ("实际经办时间", "When it was done"),
    "station.earlier.reason": ("补记必须说明原因", "Recording late needs a reason"),
    # The card
    "card.title": ("扫描控制卡", "Scan card"),
    "card.note": (
        "打印后放在工位旁：扫一下即办理，不用碰键盘。",
        "Print it and keep it beside the desk: one scan records the batch, nobody touches a keyboard.",
    ),
    "card.done": ("办理", "Record the batch"),
    "card.undo": ("删除最后一份", "Take out the last"),
    # My PIN
    "pin.link": ("我的口令", "My PIN"),
    "pin.title": ("我的口令", "My PIN"),
    "pin.note": (
        "两人经办时，您以六位口令确认。未设口令时用登录密码。",
        "As the second person of an act you sign with six digits; without a PIN, with your password.",
    ),
    "pin.has": ("已设置", "set"),
    "pin.none": ("未设置", "not set"),
    "pin.password": ("登录密码", "Your password"),
    "pin.new": ("新口令（六位数字）", "New PIN (six digits)"),
    "pin.again": ("再输一次", "Once more"),
    "pin.differs": ("两次输入不一致", "The two differ"),
    "pin.button": ("保存口令", "Keep this PIN"),
    "pin.done": ("口令已保存。", "The PIN is kept."),
}
