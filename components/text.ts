/** Text from outside, for messages: the same as in the provider. */
export { foreign, shorten, visible, visibleLines } from "../quay/api/text.ts";
