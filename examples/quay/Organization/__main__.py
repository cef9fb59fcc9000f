import pulumi_quay as quay

quay.Organization(
    "research",
    name="acme-research",
    email="research@example.com",
    tag_expiration_seconds=604800,  # a deleted tag can be restored for a week
)
