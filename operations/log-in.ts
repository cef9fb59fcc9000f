/**
 * Logs a job of GitHub Actions in to the cloud that holds the stacks' state, and possibly the key
 * of their secrets. Uses the job's OpenID Connect identity, so that no key has to be stored.
 */
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { runCommand } from "./commandLine.ts";
import { UserError } from "../components/messages/userError.ts";

const variables = z.looseObject({
    PULUMI_BACKEND_URL: z.string().optional(),
    PULUMI_ORGANIZATION: z.string().optional(),
    AWS_ROLE_ARN: z.string().optional(),
    AWS_REGION: z.string().optional(),
    GOOGLE_WORKLOAD_IDENTITY_PROVIDER: z.string().optional(),
    GOOGLE_SERVICE_ACCOUNT: z.string().optional(),
    AZURE_CLIENT_ID: z.string().optional(),
    AZURE_TENANT_ID: z.string().optional(),
    AZURE_STORAGE_ACCOUNT: z.string().optional(),
});
type Variables = z.infer<typeof variables>;

/**
 * A cloud that a job can log in to. The cloud's SDK, in Pulumi and its plugins, exchanges the
 * token.
 */
interface Cloud {
    /** The audience of the token. */
    readonly audience: string;
    /**
     * Returns the environment variables that configure the SDK.
     *
     * @param token path of the file that holds the token.
     * @param file path where a configuration file may be written.
     */
    readonly environment: (token: string, file: string) => Readonly<Record<string, string>>;
}

function cloudOf(given: Variables): Cloud | undefined {
    const {
        AWS_ROLE_ARN: role,
        GOOGLE_WORKLOAD_IDENTITY_PROVIDER: provider,
        AZURE_CLIENT_ID: client,
    } = given;
    const [cloud, ...others] = [
        ...(role ? [amazon(role, required(given, "AWS_REGION"))] : []),
        ...(provider ? [google(provider, required(given, "GOOGLE_SERVICE_ACCOUNT"))] : []),
        ...(client
            ? [
                  azure(
                      client,
                      required(given, "AZURE_TENANT_ID"),
                      required(given, "AZURE_STORAGE_ACCOUNT"),
                  ),
              ]
            : []),
    ];
    if (others.length > 0)
        throw new UserError(
            "AWS_ROLE_ARN, GOOGLE_WORKLOAD_IDENTITY_PROVIDER, AZURE_CLIENT_ID: " +
                "set only one of them.",
        );
    return cloud;
}

function amazon(role: string, region: string): Cloud {
    return {
        audience: "sts.amazonaws.com",
        environment: (token) => ({
            AWS_ROLE_ARN: role,
            AWS_REGION: region,
            AWS_WEB_IDENTITY_TOKEN_FILE: token,
        }),
    };
}

function google(provider: string, account: string): Cloud {
    return {
        audience: `https://iam.googleapis.com/${provider}`,
        environment: (token, file) => {
            const impersonation =
                "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/" +
                `${account}:generateAccessToken`;
            const credentials = {
                type: "external_account",
                audience: `//iam.googleapis.com/${provider}`,
                subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
                token_url: "https://sts.googleapis.com/v1/token",
                service_account_impersonation_url: impersonation,
                credential_source: { file: token },
            };
            writeFileSync(file, JSON.stringify(credentials));
            return { GOOGLE_APPLICATION_CREDENTIALS: file };
        },
    };
}

function azure(client: string, tenant: string, account: string): Cloud {
    return {
        audience: "api://AzureADTokenExchange",
        environment: (token) => ({
            AZURE_CLIENT_ID: client,
            AZURE_TENANT_ID: tenant,
            AZURE_STORAGE_ACCOUNT: account,
            AZURE_FEDERATED_TOKEN_FILE: token,
        }),
    };
}

/** A token has one line: only what follows `::add-mask::` in its line is masked. */
const identityAnswer = z.object({ value: z.string().regex(/^[^\r\n]+$/) });

/** Requests the job's identity token. @throws UserError if GitHub issues none */
async function requestToken(audience: string, env: NodeJS.ProcessEnv): Promise<string> {
    const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = env;
    if (!url || !token)
        throw new UserError("The job has no identity: it needs the permission id-token: write.");
    const response = await fetch(`${url}&audience=${encodeURIComponent(audience)}`, {
        headers: { authorization: `Bearer ${token}` },
    }).catch(() => undefined);
    if (!response?.ok)
        throw new UserError(
            `GitHub gave no identity token for ${audience}: it answered ` +
                `${response === undefined ? "nothing" : String(response.status)}.`,
        );
    const { data } = identityAnswer.safeParse(await response.json().catch(() => undefined));
    if (data !== undefined) return data.value;
    throw new UserError(
        `GitHub gave no identity token for ${audience}: its answer is of another form.`,
    );
}

async function logIn(env: NodeJS.ProcessEnv): Promise<void> {
    const given = variables.parse(JSON.parse(required(env, "VARIABLES")));
    const { PULUMI_BACKEND_URL: backend, PULUMI_ORGANIZATION: organization } = given;
    if (!backend && !organization) {
        throw new UserError(
            "Neither PULUMI_BACKEND_URL (as in s3://BUCKET) nor PULUMI_ORGANIZATION (on Pulumi " +
                "Cloud) is set: where is the stacks' state? Set one as a variable of the " +
                "repository, or of the job's environment.",
        );
    }
    const settings: Record<string, string> = backend ? { PULUMI_BACKEND_URL: backend } : {};
    const cloud = cloudOf(given);
    if (cloud !== undefined) {
        const folder = required(env, "RUNNER_TEMP");
        const token = join(folder, "identity-token");
        const value = await requestToken(cloud.audience, env);
        console.log(`::add-mask::${value}`);
        writeFileSync(token, value, { mode: 0o600 });
        Object.assign(settings, cloud.environment(token, join(folder, "cloud-credentials.json")));
    }
    for (const [name, value] of Object.entries(settings)) {
        // A line break would start another variable.
        if (/[\r\n]/.test(value)) throw new UserError(`${name} has more than one line.`);
        appendFileSync(required(env, "GITHUB_ENV"), `${name}=${value}\n`);
    }
    console.log(`Set: ${Object.keys(settings).join(", ") || "nothing"}`);
}

function required(values: Readonly<Record<string, unknown>>, name: string): string {
    const value = values[name];
    if (typeof value !== "string" || value === "") throw new UserError(`${name} is not set.`);
    return value;
}

const usage = `Logs a job of GitHub Actions in to the cloud that holds the stacks' state.

  node operations/log-in.ts

  --help   this text

It reads the variables of the repository and environment, as JSON, from VARIABLES.`;

await runCommand({ usage, options: {} }, () => logIn(process.env));
