import pulumi
import pulumi_quay as quay

newest = quay.list_tags_output(repository="acme/shop_staging", limit=1)
pulumi.export("newestTag", newest.tags[0].name)
