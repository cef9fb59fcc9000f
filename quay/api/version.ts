/** The provider's version, for its schema, its plugin information and its User-Agent. */
export const version = "0.2.0";
