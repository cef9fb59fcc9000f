import { QuayError } from "../api/errors.ts";
import * as names from "../api/names.ts";
import { listActiveTags, noRepository, tagObject } from "../api/tags.ts";
import { func } from "../definition/function.ts";

export const getTag = func({
    name: "getTag",
    description: "Reads a tag: the digest that it points to now, and what Quay knows about it.",
    inputs: {
        repository: names.repository.describe("The repository, NAMESPACE/NAME."),
        tag: names.tag.describe("The tag."),
    },
    outputs: tagObject.shape,
    async invoke({ repository, tag }, { api }) {
        const tags = await listActiveTags(api, repository, { tag });
        if (tags === undefined) throw noRepository(api, repository);
        const [found] = tags;
        if (found === undefined)
            throw new QuayError(
                `There is no tag "${tag}" in ${repository} on Quay at ${api.site.url}.`,
            );
        return found;
    },
});
