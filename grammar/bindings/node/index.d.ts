declare const language: {
  name: string;
  language: unknown;
  nodeTypeInfo: object[];
};
export = language;
