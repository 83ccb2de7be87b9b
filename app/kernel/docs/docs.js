"use strict";
// Swagger UI with a search of its own: all words, with or without accents, in whatever an operation says of itself.

const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase();

function* textsOf(node, schemas, seen) {
  if (typeof node === "string") yield node;
  if (node === null || typeof node !== "object") return;
  for (const [name, value] of Object.entries(node)) {
    if (name === "$ref") {
      const schema = value.split("/").pop();
      if (seen.has(schema)) continue;
      seen.add(schema);
      yield schema;
      yield* textsOf(schemas?.[schema], schemas, seen);
    } else {
      yield name;
      yield* textsOf(value, schemas, seen);
    }
  }
}

function Search(system) {
  const known = new Map();
  let document;

  // From what an operation is called to all that it says: the first of the three that matches anywhere is shown.
  function textsFor(tag, path, method) {
    const key = `${method} ${path}`;
    if (!known.has(key)) {
      document ??= system.specSelectors.specJson().toJS();
      const { operationId, summary, description, requestBody, ...rest } = document.paths[path][method];
      const about = document.tags.find((one) => one.name === tag)?.description ?? "";
      const name = [key, operationId, summary];
      // What is sent is searched field by field; what is answered by the names of its schemas, else all would match.
      const fields = [...textsOf(requestBody, document.components.schemas, new Set()), ...textsOf(rest, null, new Set())];
      const told = [...name, tag, about, description ?? ""];
      known.set(key, [name, told, [...told, ...fields]].map((texts) => fold(texts.join("\n"))));
    }
    return known.get(key);
  }

  const opsFilter = (tags, phrase) => {
    const words = fold(phrase).split(/\s+/).filter(Boolean);
    const matching = (depth) =>
      tags
        .map((tag, name) =>
          tag.update("operations", (operations) =>
            operations.filter((operation) => {
              const text = textsFor(name, operation.get("path"), operation.get("method"))[depth];
              return words.every((word) => text.includes(word));
            }),
          ),
        )
        .filter((tag) => tag.get("operations").size > 0);
    return [0, 1].map(matching).find((found) => found.size > 0) ?? matching(2);
  };
  return { fn: { opsFilter } };
}

// Two steps that take seconds with a document of this size: reading it as YAML, which JSON is too, and resolving all of
// its references for the ways to sign in, which have none. What an operation refers to is resolved when it is opened.
const Quickly = {
  statePlugins: {
    spec: {
      wrapActions: {
        parseToJson: (_, { specActions }) => (text) => specActions.updateJsonSpec(JSON.parse(text)),
        requestResolvedSubtree: (original, { specActions, specSelectors }) => (path) =>
          path.join() === "components,securitySchemes"
            ? specActions.updateResolvedSubtree(path, specSelectors.specJson().getIn(path).toJS())
            : original(path),
      },
    },
  },
};

window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  filter: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  plugins: [Search, () => Quickly],
  onComplete: () => {
    const input = document.querySelector(".operation-filter-input");
    input.placeholder = "Tìm, có dấu hay không · Search";
    input.setAttribute("aria-label", input.placeholder);
  },
});
