import pulumi
import pulumi_quay as quay

shop = quay.get_repository_output(repository="acme/shop_staging")
pulumi.export("shopPage", shop.url)
pulumi.export("shopVisibility", shop.visibility)
