import pulumi_quay as quay

reviewers = quay.Team("reviewers", organization="acme", name="reviewers")
quay.TeamMembership(
    "bob-reviews",
    organization="acme",
    team=reviewers.name,
    member="bob",
)
