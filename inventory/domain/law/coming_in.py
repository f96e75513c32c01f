"""Coming in: how dossiers arrive, what may be asked of them, and what is done before they stand on a shelf."""

from datetime import date

from inventory.domain.law.rule import GUIDES, NATIONAL_RULES, OURS, Mark, Rule, Source, Unit, policy, rule

COMING_IN: tuple[Rule, ...] = (
    rule(
        "channels_in",
        NATIONAL_RULES,
        "档案经机要通信、专人送取或邮政特快专递等给据邮件送达。",
        "Dossiers come by confidential courier, by designated staff, or by EMS or other receipted mail.",
    ),
    rule(
        "self_carried_is_quarantined",
        NATIONAL_RULES,
        "个人自带的档案转入待查，不得上架。",
        "A dossier carried by the person goes to quarantine and is never shelved.",
    ),
    rule(
        "materials_checked_by_two",
        GUIDES,
        "接收时由2人核对封条和材料目录。",
        "Seal and list of materials are checked by 2 persons on arrival.",
        number=(2, Unit.PERSONS),
    ),
    rule(
        "gaps_by_notify_and_commit",
        GUIDES,
        "材料不齐的，以告知承诺方式接收，不得拒收。",
        "Missing materials are taken in by notify-and-commit, and never a reason to refuse.",
    ),
    rule(
        "no_abolished_papers",
        policy(7),
        "不得要求提供行政（工资）介绍信、转正定级表、调整改派手续；仅以此为由的拒收无效。",
        "Administrative or wage introduction letters, probation grading forms and reassignment papers must not be demanded; "
        "a refusal on these grounds alone is blocked.",
    ),
    rule(
        "no_registration_card",
        Source(
            Mark.SEEN,
            "《关于进一步做好高校毕业生等青年就业创业工作的通知》（国办发〔2022〕13号）",
            "State Council General Office [2022] No. 13, on the employment of graduates",
        ),
        "自2023年起不得要求提供就业报到证。",
        "Since 2023 the employment registration card must not be demanded.",
        valid_from=date(2023, 1, 1),
    ),
    rule(
        "refusal_needs_coded_reason",
        policy(7),
        "不予接收须有编码的理由，并计入监督统计。",
        "Refusing a dossier needs a coded reason and is counted for the supervisor.",
    ),
    rule(
        "bound_tag_is_read_back",
        OURS,
        "标签绑定后须回读，确认无误方可上架。",
        "A tag is read back after it was bound, before the dossier is shelved.",
    ),
    rule(
        "epc_never_reused",
        OURS,
        "标签 EPC 和 TID 不得重复使用。",
        "An EPC or TID is never used again.",
    ),
    rule(
        "move_in",
        policy(10, 11),
        "整体迁入先清点，再贴标、上架；差异单由双方签字。",
        "An agency's dossiers move in counted first, then tagged and shelved; both sides sign the sheet of discrepancies.",
    ),
    rule(
        "unidentified_is_kept",
        OURS,
        "无头档案照样保管，标明身份待查。",
        "A dossier whose subject is unknown is kept like any other and marked as unidentified.",
    ),
    rule(
        "loose_materials",
        OURS,
        "散材料先匹配到档案，凭指令启封归入，更新目录和件数后重新封装。",
        "Loose materials are matched first, inserted by order, listed and counted, and the dossier sealed again.",
    ),
)
