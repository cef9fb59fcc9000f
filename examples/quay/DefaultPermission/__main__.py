import pulumi_quay as quay

operators = quay.Team("operators", organization="acme", name="operators")
# Operators can pull from every repository that is created from now on.
quay.DefaultPermission(
    "operators-pull",
    organization="acme",
    team=operators.name,
    role="read",
)
