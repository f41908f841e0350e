/** The settings of the grant. */
export const grantDefinitions = {
  grant: {
    placeholder: '<name>',
    summary: 'client_credentials (the default), jwt_bearer (RFC 7523) or token_exchange (RFC 8693)',
  },
  subjectTokenFile: {
    placeholder: '<path>',
    isPath: true,
    summary: 'file with the token to exchange, if it does not come from an identity',
  },
  subjectTokenType: {
    placeholder: '<type>',
    summary: 'type of the token to exchange: access_token, id_token, jwt, saml2 or a URI',
  },
  actorTokenFile: {
    placeholder: '<path>',
    isPath: true,
    summary: 'file with the token of the party that acts for the subject',
  },
  actorTokenType: { placeholder: '<type>', summary: 'type of the actor token' },
  requestedTokenType: { placeholder: '<type>', summary: 'type of the token to obtain by token exchange' },
} as const;

/** The settings of the identity that a platform gives to a program. */
export const identityDefinitions = {
  identity: {
    placeholder: '<name>',
    summary:
      'source of an identity token: kubernetes, azure, gcp, aws (EKS), github, gitlab, spiffe, executable or url; it ' +
      'is the assertion or subject token of the grant, otherwise the client assertion',
  },
  identityAudience: { placeholder: '<audience>', summary: 'audience of the identity token; not for azure' },
  identityResource: { placeholder: '<uri>', summary: 'application ID URI of the identity token, for azure' },
  identityAccount: {
    placeholder: '<id>',
    summary: 'client ID of a user-assigned identity (azure), or email address of a service account (gcp)',
  },
  identityPath: {
    placeholder: '<path>',
    isPath: true,
    summary: 'file of the identity token: for spiffe; for kubernetes by default /var/run/secrets/tokens/token',
  },
  identityVariable: { placeholder: '<name>', summary: 'variable of the identity token, for gitlab' },
  identityCommand: {
    placeholder: '<command>',
    isList: true,
    isCommand: true,
    summary: 'absolute path of a program and its arguments, space-separated, for executable (AIP-4117)',
  },
  identityUrl: { placeholder: '<url>', summary: 'URL that responds with the identity token, for url' },
  identityMember: {
    placeholder: '<name>',
    summary: 'member of the JSON response with the token, for url; default: the response is the token',
  },
} as const;
