"""Keeping: loss and search, seals and numbers, the yearly check and the climate of the store."""

from datetime import date

from inventory.domain.law.rule import GUIDES, NATIONAL_RULES, OURS, STORE_RULES, Mark, Rule, Source, Unit, rule

LOSS: tuple[Rule, ...] = (
    rule(
        "search_protocol",
        OURS,
        "未找到的，依次查找整区、未结转运袋、近期借阅和相邻库位。",
        "What is not found is searched for by protocol: the whole zone, open bags, recent loans, neighbours.",
    ),
    rule(
        "lost_needs_head_and_two_searchers",
        OURS,
        "认定丢失须经机构负责人批准并有2名查找人。",
        "Only the agency head and 2 searchers declare a dossier lost.",
        number=(2, Unit.PERSONS),
    ),
    rule(
        "loss_is_reported",
        Source(Mark.LAW, "《中华人民共和国档案法》（2020年修订）", "Archives Law of the PRC (revised 2020)"),
        "档案丢失、损毁的，应当及时向档案主管部门报告。",
        "A loss is promptly reported to the archives authority.",
        valid_from=date(2021, 1, 1),
    ),
    rule(
        "rebuilt_marked_for_ever",
        OURS,
        "重建的档案永久标注。",
        "A rebuilt dossier is marked for ever.",
    ),
    rule(
        "duplicates_merge_by_two",
        OURS,
        "一人多档的合并须有身份证明和2名复核人。",
        "Two dossiers of one person are merged only with proof of identity and 2 reviewers.",
        number=(2, Unit.PERSONS),
    ),
    rule(
        "same_name_is_no_proof",
        OURS,
        "同名不能作为同一人的证明，也不提供仅凭姓名的调取。",
        "The same name is never proof, and picking by name alone is not offered.",
    ),
)

STATE: tuple[Rule, ...] = (
    rule(
        "one_place_always",
        OURS,
        "每册任何时候有且只有一个所在。",
        "Every volume is in one place at any time.",
    ),
    rule(
        "seal_opened_by_order_only",
        OURS,
        "无指令不得启封。",
        "No seal is opened without an order.",
    ),
    rule(
        "never_to_the_individual",
        NATIONAL_RULES,
        "档案不得交给个人保管。",
        "A dossier is never handed to the individual.",
    ),
    rule(
        "no_back_dating",
        OURS,
        "经办不得倒填日期：发生时间与登记时间分别记录，不一致的说明原因。",
        "No act is back-dated: it has the time it happened and the time it was recorded, and a reason where they differ.",
    ),
    rule(
        "id_number_is_not_the_key",
        OURS,
        "身份证号是有历史的属性，不是档案的编号；旧材料上的错号只提示，新材料上的错号不予登记。",
        "The ID number is an attribute with history, not the key: a wrong one warns on old material and stops on new.",
    ),
)

STORE: tuple[Rule, ...] = (
    rule(
        "full_check_months",
        GUIDES,
        "至少每12个月全面盘点一次，节假日前检查。",
        "A full check is made at least every 12 months, and before holidays.",
        number=(12, Unit.MONTHS),
    ),
    rule(
        "coverage_days",
        OURS,
        "每个库位180日内至少被盘到一次。",
        "Every shelf is swept within 180 days.",
        number=(180, Unit.CALENDAR_DAYS),
    ),
    rule(
        "busy_coverage_days",
        OURS,
        "繁忙通道的库位30日内至少被盘到一次。",
        "Shelves of busy aisles are swept within 30 days.",
        number=(30, Unit.CALENDAR_DAYS),
    ),
    rule(
        "store_degrees_min",
        STORE_RULES,
        "库房温度不低于14℃。",
        "The store is never colder than 14 °C.",
        number=(14, Unit.DEGREES),
    ),
    rule(
        "store_degrees_max",
        STORE_RULES,
        "库房温度不高于24℃。",
        "The store is never warmer than 24 °C.",
        number=(24, Unit.DEGREES),
    ),
    rule(
        "store_degrees_change_max",
        STORE_RULES,
        "库房温度日变化不超过2℃。",
        "The store's temperature changes by at most 2 °C a day.",
        number=(2, Unit.DEGREES),
    ),
    rule(
        "store_humidity_min",
        STORE_RULES,
        "库房相对湿度不低于45%。",
        "The store's relative humidity is never below 45 %.",
        number=(45, Unit.PERCENT),
    ),
    rule(
        "store_humidity_max",
        STORE_RULES,
        "库房相对湿度不高于60%。",
        "The store's relative humidity is never above 60 %.",
        number=(60, Unit.PERCENT),
    ),
    rule(
        "store_humidity_change_max",
        STORE_RULES,
        "库房相对湿度日变化不超过5%。",
        "The store's relative humidity changes by at most 5 % a day.",
        number=(5, Unit.PERCENT),
    ),
    rule(
        "radio_band",
        Source(Mark.SEEN, "国家无线电管理规定", "national radio regulations"),
        "射频识别只使用920至925 MHz频段。",
        "RFID uses 920 to 925 MHz only.",
    ),
)
