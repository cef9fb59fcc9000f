import pulumi_quay as quay

quay.Quota(
    "storage",
    organization="acme",
    limit_bytes=53687091200,  # 50 GiB
    limits=[
        {"type": "Warning", "percent": 80},
        {"type": "Reject", "percent": 100},
    ],
)
