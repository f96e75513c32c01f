"""Locating dossiers."""

TEXTS = {
    "locate.title": ("检索档案", "Locate a dossier"),
    "locate.label": ("编号、姓名、拼音、身份证号或后六位", "Number, name, pinyin, ID number or its last six"),
    "locate.hint": ("编号 · 姓名 · 拼音 · 身份证号或后六位", "number · name · pinyin · ID or last six"),
    "locate.button": ("检索", "Locate"),
    "locate.empty.title": ("可以这样检索", "Ways to find a dossier"),
    "locate.empty.number": ("档案编号或旧编号", "Its number, or an old one"),
    "locate.empty.name": ("姓名，或姓名的开头", "The name, or how it begins"),
    "locate.empty.pinyin": ("全拼或首字母，多音字亦可", "Pinyin in full or by initials, every reading"),
    "locate.empty.id": ("身份证号，或其后六位", "The ID number, or its last six"),
    "locate.empty.tag": ("扫描条码或标签 EPC", "Scan the barcode or the tag's EPC"),
    "locate.keys": ("按 / 定位输入框，↓ 选择，回车打开", "Press / for the box, ↓ to choose, Enter to open"),
    "locate.none.title": ("没有找到", "Nothing found"),
    "locate.none.text": (
        "请核对编号，或试试拼音首字母、身份证号后六位。",
        "Check the number, or try the initials in pinyin or the ID's last six.",
    ),
    "locate.none.agency": (
        "只检索本机构的档案。",
        "Only your own agency's dossiers are searched.",
    ),
    "locate.count": ("{count} 份档案", "{count} found"),
    "locate.more": ("仅显示前 {count} 份，请再输入几个字", "Showing the first {count}; type a little more"),
    "locate.masked": ("您的角色只能按档案编号或标签检索。", "Your role finds dossiers by number or tag."),
}
