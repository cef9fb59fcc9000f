import pulumi
import pulumi_quay as quay

digits = quay.Repository(
    "digits",
    namespace="acme",
    name="digits",
    description="Recognizes handwritten digits.",
    visibility="public",
)
pulumi.export("digitsImage", digits.image)  # as in `docker pull`
