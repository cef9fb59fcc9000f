import pulumi
import pulumi_quay as quay

config = pulumi.Config()
# A second Quay, or a second account. Its token is in PARTNER_QUAY_TOKEN.
partner = quay.Provider(
    "partner",
    url=config.require("partnerUrl"),
    token_variable="PARTNER_QUAY_TOKEN",
)
quay.Repository(
    "exchange",
    namespace="partner",
    name="exchange",
    opts=pulumi.ResourceOptions(provider=partner),
)
