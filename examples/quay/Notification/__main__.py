import pulumi
import pulumi_quay as quay

config = pulumi.Config()
quay.Notification(
    "findings",
    repository="acme/shop_staging",
    event="vulnerability_found",
    event_config={"level": 1},  # high and above
    method="slack",
    config={"url": config.require_secret("slackUrl")},
    title="Findings of the scanner",
)
