// What Pulumi's language host loads of a plugin's folder: PulumiPlugin.yaml.
import "./plugin/main.ts";
