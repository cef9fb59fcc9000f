import pulumi
import pulumi_quay as quay

staging = quay.get_repository_output(repository="acme/shop_staging")
production = quay.Repository("shop", namespace="acme", name="shop")
release = quay.PromotedImage(
    "shop",
    source=staging.image,
    target=production.image,
    version="1.4.0",
    floating_tags=["latest"],
    max_severity="critical",  # refuses an image with a critical finding
)
pulumi.export("shopImage", release.image)  # with its digest: what to deploy
