"""Who holds what: the holding agency, where a dossier may be kept, and what is never done with it."""

from inventory.domain.law.rule import GUIDES, OURS, Rule, policy, rule

HOLDING: tuple[Rule, ...] = (
    rule(
        "holding_is_not_custody",
        policy(11),
        "档案集中存放只移动实体，不改变档案管理服务机构；各县机构仍是法定管理机构。",
        "Bringing dossiers together moves paper, never the holder: each county's agency keeps the legal holding.",
    ),
    rule(
        "only_own_agency",
        policy(11),
        "窗口只办理本机构管理的档案。",
        "A window acts for its own agency's dossiers only.",
    ),
    rule(
        "any_window_accepts",
        policy(2, 9),
        "任一窗口都可受理任一机构的申请，并转交管理机构办理（异地通办）。",
        "Any window accepts a request for any holder and passes it on to the holding agency.",
    ),
    rule(
        "accepting_window_learns_nothing",
        policy(2, 9),
        "异地受理窗口只知道“已受理”“已答复”，不知道档案是否存在、存于何处。",
        "A window that accepts for another agency learns only accepted and answered, never whether or where a dossier exists.",
    ),
    rule(
        "no_expulsion",
        policy(5),
        "档案只因用人单位或本人申请、退休、死亡而转出；机构不得自行清退，不得批量转出，每册须有一份申请。",
        "A dossier leaves for good only when the employer or the person asks, or by retirement or death: no agency sends one "
        "away, and none goes without a request of its own.",
    ),
    rule(
        "nothing_is_destroyed",
        policy(5),
        "档案和记录不得删除、清除或销毁。",
        "No dossier and no record of one is deleted, purged or destroyed.",
    ),
    rule(
        "free_of_charge",
        policy(6),
        "档案管理服务不收取任何费用。",
        "Keeping and serving dossiers is free of charge.",
    ),
    rule(
        "count_reproducible",
        policy(12),
        "经费随在管档案数；任一机构任一日24时的在管数，今后应能复算出相同的数。",
        "Funding follows the number held: how many dossiers an agency held at 24:00 of a day can be counted again later, "
        "to the same number.",
    ),
    rule(
        "mergers_by_document",
        OURS,
        "机构合并凭文号整体变更管理机构，数量由双方核定。",
        "A merger of agencies moves the holding by a document number, with a count that both sides certify.",
    ),
    rule(
        "numbers_never_change",
        OURS,
        "档案编号永不改变；旧编号永久可查。",
        "A dossier's number never changes, and old numbers stay searchable for ever.",
    ),
    rule(
        "volumes_counted",
        OURS,
        "档案以册计数，每册有自己的标签和所在。",
        "Dossiers are counted by volumes, each with its own tag and place.",
    ),
    rule(
        "deposit_type_by_act",
        GUIDES,
        "单位存档、个人存档须有证明；变更存档类别须经办，不得直接修改。",
        "Deposit by an employer or by the person needs proof, and changing it is an act, not an edit.",
    ),
    # ── Which agencies may hold a dossier ────────────────────────────────────────────────────────────────────────────
    rule(
        "city_employer_city_agency",
        policy(5),
        "在市级以上登记注册的用人单位，其人员档案由市级机构管理。",
        "An employer registered at city level or above deposits with the city's agency.",
    ),
    rule(
        "county_employer_county_agency",
        policy(5),
        "在县级登记注册的用人单位，其人员档案由该县机构管理。",
        "An employer registered at county level deposits with that county's agency.",
    ),
    rule(
        "individual_county_agency",
        policy(5),
        "个人存档由县级机构管理：户籍所在地，或现工作单位所在地。",
        "Who deposits as an individual does so with a county's agency: that of the hukou, or of the present work.",
    ),
    rule(
        "former_employer_or_hukou",
        policy(5),
        "自由职业、离职、被辞退和因私出国（境）人员的档案，由户籍所在地或原单位所在地县级机构管理。",
        "Freelancers, people who left or were dismissed and private emigrants deposit with the county of the hukou or of the "
        "former employer.",
    ),
    rule(
        "graduate_choice",
        policy(5),
        "未实行集体管理的高校毕业生，可在户籍地、入学前户籍地、就业地或创业地中自行选择。",
        "Graduates without collective management choose: the county of the hukou, of the hukou before enrolment, of work, or "
        "of their start-up.",
    ),
    rule(
        "nearest_place_override",
        policy(5),
        "确有需要的，可就近存档，须说明理由并经批准。",
        "Where it is needed, the nearest agency may hold a dossier, with a reason and an approver.",
    ),
)
