import pulumi
import pulumi_quay as quay

tag = quay.get_tag_output(repository="acme/shop_staging", tag="1.4.0")
pulumi.export("shopDigest", tag.digest)  # sha256:…
pulumi.export("shopIsIndex", tag.is_manifest_list)  # for several platforms
