import { QuayError } from "../api/errors.ts";
import * as names from "../api/names.ts";
import { func } from "../definition/function.ts";
import { getRepository as read, outputsOf, repositoryOutputs } from "../resources/repository.ts";

export const getRepository = func({
    name: "getRepository",
    description: "Reads an existing repository, whether or not this program created it.",
    inputs: {
        repository: names.repository.describe("The repository, NAMESPACE/NAME."),
    },
    outputs: repositoryOutputs,
    async invoke({ repository }, { api }) {
        const found = await read(api, repository);
        if (found === undefined)
            throw new QuayError(`There is no repository ${repository} on Quay at ${api.site.url}.`);
        return { ...found, ...outputsOf(repository, api.site) };
    },
});
