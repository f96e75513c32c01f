"""Delegations in writing."""

TEXTS = {
    "delegations.title": ("审批委托", "Delegations"),
    "delegations.note": (
        "委托期内，市级主管可代机构负责人审批用档申请；每件审批注明委托书。",
        "While one is in force, the city's manager decides requests in the agency's place, naming its letter each time.",
    ),
    "delegations.new": ("新的委托", "A new delegation"),
    "delegations.document": ("委托书文号", "Number of the letter"),
    "delegations.delegate": ("委托给", "Delegated to"),
    "delegations.anyone": ("市级主管（任职者）", "whoever is the city's manager"),
    "delegations.first": ("生效日", "From"),
    "delegations.last": ("终止日", "Last day"),
    "delegations.last.hint": ("含当日，最长一年。", "That day included; a year at most."),
    "delegations.give": ("委托", "Delegate"),
    "delegations.given": ("委托已登记：{document}", "The delegation {document} is on record."),
    "delegations.agency": ("机构", "Agency"),
    "delegations.days": ("期限", "Days"),
    "delegations.state": ("状态", "State"),
    "delegations.by": ("委托人", "Given by"),
    "delegations.decisions": ("已审批 {count} 件", "requests decided: {count}"),
    "delegations.revoke": ("撤销", "Revoke"),
    "delegations.revoke.reason": ("撤销原因", "Why"),
    "delegations.revoked": ("委托已撤销：{document}", "The delegation {document} is revoked."),
    "delegations.revoked.by": ("{name}撤销，{time}：{reason}", "revoked by {name}, {time}: {reason}"),
    "delegations.none": ("没有委托", "No delegations"),
    "delegations.none.note": (
        "没有委托时，用档申请只由保管机构的负责人审批。",
        "Without one, the head of the agency that holds a dossier decides alone.",
    ),
}
