"""People: who may not do what, alone or at all, and how personal data are kept."""

from inventory.domain.law.rule import GUIDES, OURS, Mark, Rule, Source, Unit, rule

PEOPLE: tuple[Rule, ...] = (
    rule(
        "requester_is_not_approver",
        OURS,
        "申请人不得审批自己的申请。",
        "Nobody approves their own request.",
    ),
    rule(
        "two_persons",
        OURS,
        "封装、启封、出库、认定丢失、合并和换标须2人经办。",
        "Sealing, opening, outbound, loss, merging and re-tagging take 2 persons.",
        number=(2, Unit.PERSONS),
    ),
    rule(
        "keeper_is_not_counter",
        OURS,
        "年度盘点中，库位的保管人不得清点本人保管的库位。",
        "In the yearly count the keeper of a bay is not its counter.",
    ),
    rule(
        "blind_count",
        OURS,
        "盲盘时不显示应有数。",
        "In a blind count expected values are not shown.",
    ),
    rule(
        "delegation_in_writing",
        OURS,
        "市级代县级机构审批，须有书面委托。",
        "The city approves for a county only where that was delegated in writing.",
    ),
    rule(
        "three_admins_separated",
        GUIDES,
        "系统、安全、审计三员分设，各司其职，互不代行。",
        "System, security and audit administrators are three people, each with their own third.",
    ),
    rule(
        "id_number_masked",
        OURS,
        "身份证号遮蔽显示；查看全号须说明理由，留痕并限次。",
        "ID numbers are shown masked; unmasking needs a reason, is logged and limited.",
    ),
    rule(
        "every_look_is_logged",
        OURS,
        "每次查看人员信息都留痕；导出加水印并留痕。",
        "Every look at a person is logged; exports are watermarked and logged.",
    ),
    rule(
        "tag_tells_nothing",
        OURS,
        "标签只存无含义编码。",
        "A tag carries an opaque number only.",
    ),
    rule(
        "logs_kept_days",
        Source(
            Mark.CHOICE,
            "本系统约定；《网络安全法》要求网络日志留存不少于六个月",
            "our choice; the Cybersecurity Law asks for logs of six months at least",
        ),
        "日志至少保存190日；保管台账永久保存。",
        "Logs are kept for at least 190 days, the ledger for ever.",
        number=(190, Unit.CALENDAR_DAYS),
    ),
)
