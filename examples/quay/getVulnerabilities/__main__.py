import pulumi
import pulumi_quay as quay

candidate = quay.get_tag_output(repository="acme/shop_staging", tag="1.4.0")
scan = quay.get_vulnerabilities_output(
    repository="acme/shop_staging",
    digest=candidate.digest,
)
pulumi.export("scanStatus", scan.status)  # scanned
pulumi.export("criticalFindings", scan.critical)
