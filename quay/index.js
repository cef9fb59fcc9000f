// Pulumi runs the provider so where it was added from this folder (PulumiPlugin.yaml).
void import("./provider/main.ts");
