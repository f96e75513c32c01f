"""Going out: loans, consultation on site, transfers, retirement and death."""

from inventory.domain.law.rule import CADRE_PRACTICE, GUIDES, NATIONAL_RULES, OURS, Rule, Unit, policy, rule

LENDING: tuple[Rule, ...] = (
    rule(
        "offer_the_scan_first",
        policy(9, 11),
        "扫描件能满足需要的，先提供扫描件，不调用原件。",
        "Where a scan can satisfy a request, the scan is offered before any paper moves.",
    ),
    rule(
        "loan_to_institutions_only",
        policy(7),
        "档案只凭借档函借给单位（社保、公证等），不借给个人。",
        "Dossiers are lent to institutions with a loan letter, never to a person.",
    ),
    rule(
        "two_carriers",
        policy(7),
        "借出和归还由2人取送。",
        "A dossier on loan is carried by 2 persons.",
        number=(2, Unit.PERSONS),
    ),
    rule(
        "due_date_never_null",
        GUIDES,
        "借阅必须有归还期限；国家未定天数，各地为3至15日，本库默认15日，可按用途设定。",
        "A loan always has a due date; no national length is known, local ones are 3 to 15 days, ours is 15 calendar days "
        "unless the purpose has its own.",
        number=(15, Unit.CALENDAR_DAYS),
    ),
    rule(
        "renewals_limited",
        OURS,
        "借阅最多续借1次，须在到期前提出且无人等候。",
        "A loan is renewed at most 1 time, before it is due and while nobody waits.",
        number=(1, Unit.TIMES),
    ),
    rule(
        "no_relending",
        policy(7),
        "借出的档案不得转借。",
        "A borrowed dossier is never lent on.",
    ),
    rule(
        "overdue_borrower_blocked",
        policy(7),
        "有逾期未还档案的单位不得再借。",
        "A borrower with an overdue loan gets no other.",
    ),
    rule(
        "comes_back_sealed",
        policy(7),
        "归还时须封装完好，清点件数，双方签字。",
        "A dossier comes back sealed; seal and pieces are checked, and two sign.",
    ),
    rule(
        "unit_letter_to_consult",
        GUIDES,
        "现场查阅须凭单位介绍信并说明用途。",
        "Consulting on site takes a unit's letter and a purpose.",
    ),
    rule(
        "two_visitors",
        GUIDES,
        "现场查阅须2人到场并出示身份证件。",
        "Those who consult come as 2 persons and show their IDs.",
        number=(2, Unit.PERSONS),
    ),
    rule(
        "not_own_or_relative",
        CADRE_PRACTICE,
        "任何人不得查阅本人或亲属的档案，工作人员也不例外。",
        "Nobody consults their own dossier or a relative's, staff included.",
    ),
)

LEAVING: tuple[Rule, ...] = (
    rule(
        "transfer_by_employer_or_person",
        policy(7),
        "转递由用人单位或本人提出。",
        "A transfer is asked for by the employer or by the person.",
    ),
    rule(
        "transfer_evidence_by_case",
        policy(7),
        "转递按情形提交调档函、解除劳动关系证明、接收证明等材料。",
        "A transfer has the evidence of its case: transfer letter, proof of termination, acceptance by the new unit.",
    ),
    rule(
        "recipients_from_registry",
        OURS,
        "接收单位只能从登记名录中选择。",
        "The recipient is one of the registry, never typed freely.",
    ),
    rule(
        "notice_of_three_parts",
        NATIONAL_RULES,
        "转递须附材料目录和三联转递通知单（存根、通知、回执），严密包封。",
        "A transfer goes with its list of materials and a notice in three parts: stub, notice and receipt, tightly sealed.",
    ),
    rule(
        "transfer_within_working_days",
        NATIONAL_RULES,
        "档案应在15个工作日内转出。",
        "A transfer is dispatched within 15 working days.",
        number=(15, Unit.WORKING_DAYS),
    ),
    rule(
        "whole_never_in_parts",
        policy(7),
        "档案须整体一次转出，逐册核对，不得扣留材料或分批转出。",
        "A dossier goes whole, checked volume by volume, never in parts.",
    ),
    rule(
        "class_a_by_confidential_courier",
        NATIONAL_RULES,
        "曾任公务员、参公人员、国有单位管理或专业技术人员、军队文职人员的档案，以及转往上述单位的档案，只走机要通信或专人送取。",
        "Dossiers of people who ever were civil servants or under their law, managers or technicians of state bodies or "
        "military civilian staff, and any that go to such bodies, travel by confidential courier or staff only.",
    ),
    rule(
        "others_by_ems_or_staff",
        NATIONAL_RULES,
        "其他档案可走邮政特快专递或专人送取。",
        "Other dossiers travel by EMS or staff.",
    ),
    rule(
        "never_self_carry",
        NATIONAL_RULES,
        "严禁个人自带档案。",
        "No dossier is ever carried by the person.",
    ),
    rule(
        "receipt_within_months",
        CADRE_PRACTICE,
        "转出后1个月未收到回执的，应予催询；收到签章的回执，转递方告结束。",
        "A receipt not back after 1 month is chased; the signed receipt alone closes a transfer.",
        number=(1, Unit.MONTHS),
    ),
    rule(
        "receipt_escalation_days",
        OURS,
        "转出后60日仍无回执的，上报并立疑似丢失案。",
        "Without a receipt 60 days after dispatch the case is escalated, and opened as a suspected loss.",
        number=(60, Unit.CALENDAR_DAYS),
    ),
    rule(
        "retirement_to_township_only",
        policy(7),
        "退休人员档案只移交户籍所在地乡镇（街道）服务机构。",
        "A retired person's dossier goes to the township or street centre of the hukou only.",
    ),
    rule(
        "death_kept_years",
        NATIONAL_RULES,
        "死亡人员档案保管5年后，按现行渠道移交。",
        "A deceased person's dossier is kept for 5 years, then goes by the existing channel.",
        number=(5, Unit.YEARS),
    ),
    rule(
        "never_to_relatives",
        policy(7),
        "死亡人员档案不得交给亲属。",
        "A deceased person's dossier is never given to relatives.",
    ),
    rule(
        "status_never_changes",
        policy(7),
        "人员身份（干部、工人）不因档案管理机构变化而改变。",
        "A person's status, cadre or worker, never changes because the agency does.",
    ),
)
