import * as actions from "./actions.ts";
import type { BuildSettings, CommonSettings } from "./settings.ts";
import * as steps from "./steps.ts";
import type { Job } from "./write.ts";

/** The id of the job. */
export const deployJobId = "deploy";

/**
 * Returns the job that has what was built deployed: it starts the workflow `deploy.yml` of the
 * repository with the infrastructure's program, and says what came of it. Only for the branch: a
 * git tag names what has been deployed before.
 *
 * Its token can start workflows there, and change nothing else: that of a GitHub App, or where both
 * are in one repository the job's own.
 */
export function deployJob(
    settings: CommonSettings & { readonly build: BuildSettings },
    { repository, isOwn, stack }: NonNullable<BuildSettings["deploy"]>,
): Job {
    const { environment, runner = "ubuntu-24.04" } = settings;
    return {
        name: `Deploy ${stack}`,
        needs: [settings.job],
        if: steps.onBranch(settings),
        "runs-on": runner,
        ...(environment && {
            environment: { name: environment.name, url: "${{ steps.deploy.outputs.url }}" },
        }),
        "timeout-minutes": 30,
        permissions: {
            statuses: { access: "read", why: "to read whether it was deployed" },
            ...(isOwn && {
                actions: { access: "write", why: "to start the workflow that deploys" },
            }),
        },
        steps: steps.explained([
            ...(isOwn
                ? []
                : [
                      {
                          name: "Get a token that may start the deployment",
                          id: "app",
                          ifFails:
                              "It needs the variable DEPLOY_APP_CLIENT_ID and the secret " +
                              "DEPLOY_APP_PRIVATE_KEY of a GitHub App with Actions: write that " +
                              `is installed in ${repository}.`,
                          uses: actions.createAppToken,
                          with: {
                              "client-id": "${{ vars.DEPLOY_APP_CLIENT_ID }}",
                              "private-key": "${{ secrets.DEPLOY_APP_PRIVATE_KEY }}",
                              owner: "${{ github.repository_owner }}",
                              repositories: repository,
                              "permission-actions": "write",
                          },
                      },
                  ]),
            {
                name: `Deploy ${stack}`,
                id: "deploy",
                env: {
                    API: "${{ github.api_url }}",
                    SERVER: "${{ github.server_url }}",
                    REPOSITORY: "${{ github.repository }}",
                    COMMIT: "${{ github.sha }}",
                    INFRASTRUCTURE: `\${{ github.repository_owner }}/${repository}`,
                    STACK: stack,
                    TIMEOUT: "1500",
                    TOKEN: isOwn ? "${{ github.token }}" : "${{ steps.app.outputs.token }}",
                    OWN_TOKEN: "${{ github.token }}",
                },
                run: steps.script("fail", "deploy"),
            },
        ]),
    };
}
