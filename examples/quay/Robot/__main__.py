import pulumi
import pulumi_quay as quay

ci = quay.Robot(
    "ci",
    namespace="acme",
    name="ci",
    description="Pushes images from the pipeline.",
)
pulumi.export("ciUsername", ci.username)  # acme+ci
pulumi.export("ciToken", ci.token)  # a secret
