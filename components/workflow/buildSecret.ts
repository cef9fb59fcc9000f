/** Secrets of a build: what must not be one. */

/** The variables of the tools that the deployment consists of, and of the clouds that it knows. */
const prefixes =
    /^(?:QUAY|GITHUB|GH|ACTIONS|PULUMI|KUBE|AWS|AZURE|ARM|GOOGLE|GCLOUD|CLOUDSDK|VAULT)_/i;

/** The others: a cluster's, and those that the workflows of this project read. */
const others = ["KUBECONFIG", "APP_PRIVATE_KEY", "DEPLOY_APP_PRIVATE_KEY"];

/**
 * Whether a variable, or a GitHub secret, is the deployment's own: for Quay, GitHub, Pulumi, the
 * cluster, or a cloud that keeps states and keys. A Dockerfile must not get it.
 */
export function isOfDeployment(variable: string): boolean {
    return prefixes.test(variable) || others.includes(variable.toUpperCase());
}

/** The name of the GitHub secret with the text of a secret's file: `pip.conf` is PIP_CONF. */
export function fileSecretName(id: string): string {
    return id.toUpperCase().replace(/[^A-Z0-9]/g, "_");
}
