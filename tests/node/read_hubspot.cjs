// HubSpot's official client reads a stand-in: `node read_hubspot.cjs ADDRESS TOKEN`.
// Prints one JSON object: what each call came to, by name. The test compares it with the portal.
'use strict';

const { Client } = require('@hubspot/api-client');

const [basePath, accessToken] = process.argv.slice(2);
const hubspot = new Client({ accessToken, basePath, numberOfApiCallRetries: 0 });
const crm = hubspot.crm;

const ids = (page) => page.results.map((one) => one.id);
const raw = async (options) => (await hubspot.apiRequest({ ...options, baseUrl: basePath })).json();

const calls = {
  contacts: async () => {
    const found = [];
    let after;
    do {
      const page = await crm.contacts.basicApi.getPage(50, after, ['email'], ['lifecyclestage'], ['companies']);
      found.push(...page.results);
      after = page.paging?.next?.after;
    } while (after !== undefined);
    const first = found[0];
    return {
      ids: found.map((one) => one.id),
      email: first.properties.email,
      history: first.propertiesWithHistory.lifecyclestage.map((entry) => entry.value),
      modified: first.updatedAt.toISOString(),
      companies: first.associations.companies.results.map((one) => one.type),
    };
  },
  contactsAll: async () => (await crm.contacts.getAll(100, undefined, ['email'])).length,
  contactsArchived: async () => ids(await crm.contacts.basicApi.getPage(10, undefined, [], [], [], true)),
  contactById: async () => (await crm.contacts.basicApi.getById('1', ['email'])).properties.email,
  contactByEmail: async () =>
    (await crm.contacts.basicApi.getById('1@example.com', ['email'], [], [], false, 'email')).id,
  contactMissing: async () => {
    try {
      await crm.contacts.basicApi.getById('999999');
    } catch (error) {
      return [error.code, error.body.category];
    }
    return 'found';
  },
  contactsBatch: async () => {
    const answer = await crm.contacts.batchApi.read({
      properties: ['email'],
      propertiesWithHistory: [],
      inputs: [{ id: '1' }, { id: '2' }, { id: '999999' }],
    });
    return [ids(answer), answer.numErrors];
  },
  contactsSearch: async () => {
    const answer = await crm.contacts.searchApi.doSearch({
      filterGroups: [
        {
          filters: [
            { propertyName: 'lastmodifieddate', operator: 'GTE', value: '2026-02-02T00:00:00Z' },
            { propertyName: 'hs_object_id', operator: 'GT', value: '1' },
          ],
        },
      ],
      sorts: [{ propertyName: 'hs_object_id', direction: 'ASCENDING' }],
      properties: ['email'],
      limit: 200,
      after: '0',
    });
    return [answer.total, ids(answer)];
  },
  companies: async () => ids(await crm.companies.basicApi.getPage(10, undefined, ['name'])),
  deals: async () => {
    const page = await crm.deals.basicApi.getPage(10, undefined, ['dealstage'], undefined, ['contacts']);
    return page.results.map((one) => [one.id, one.properties.dealstage, one.associations.contacts.results.length]);
  },
  dealsSearch: async () => {
    const answer = await crm.deals.searchApi.doSearch({
      filterGroups: [{ filters: [{ propertyName: 'associations.contact', operator: 'EQ', value: '1' }] }],
      sorts: [],
      properties: [],
      limit: 10,
      after: '0',
    });
    return ids(answer);
  },
  tickets: async () => ids(await crm.tickets.basicApi.getPage()),
  calls: async () => ids(await crm.objects.calls.basicApi.getPage(10, undefined, ['hs_call_title'])),
  notesOfAnyType: async () => ids(await crm.objects.basicApi.getPage('notes', 10)),
  feedback: async () => ids(await crm.objects.feedbackSubmissions.basicApi.getPage()),
  associationsBatch: async () => {
    const answer = await crm.associations.v4.batchApi.getPage('deals', 'companies', {
      inputs: [{ id: '500' }],
    });
    return answer.results[0].to.map((one) => [
      String(one.toObjectId),
      one.associationTypes.map((type) => type.label ?? null),
    ]);
  },
  associationsOfOne: async () =>
    (await crm.associations.v4.basicApi.getPage('deals', '500', 'contacts', undefined, 100)).results.map((one) =>
      String(one.toObjectId),
    ),
  associationLabels: async () =>
    (await crm.associations.v4.schema.definitionsApi.getAll('contacts', 'companies')).results.map(
      (one) => one.typeId,
    ),
  pipelines: async () =>
    (await crm.pipelines.pipelinesApi.getAll('deals')).results[0].stages.map((one) => one.metadata.probability),
  pipeline: async () => (await crm.pipelines.pipelinesApi.getById('tickets', '0')).label,
  properties: async () =>
    (await crm.properties.coreApi.getAll('contacts')).results
      .filter((one) => one.name === 'lifecyclestage')
      .map((one) => [one.type, one.options.length]),
  property: async () => (await crm.properties.coreApi.getByName('contacts', 'email')).type,
  owners: async () => (await crm.owners.ownersApi.getPage(undefined, undefined, 100)).results.map((one) => one.id),
  owner: async () => (await crm.owners.ownersApi.getById(8, 'userId')).email,
  lists: async () => {
    const answer = await crm.lists.listsApi.doSearch({ query: '', count: 500, offset: 0 });
    return answer.lists.map((one) => [one.listId, one.name, one.additionalProperties.hs_list_size]);
  },
  list: async () => (await crm.lists.listsApi.getById('7')).list.name,
  listByName: async () => (await crm.lists.listsApi.getByName('Guests', '0-1')).list.listId,
  listMembers: async () => {
    const found = [];
    let after;
    do {
      const page = await crm.lists.membershipsApi.getPage('7', after, undefined, 1);
      found.push(...page.results.map((one) => one.recordId));
      after = page.paging?.next?.after;
    } while (after !== undefined);
    return found;
  },
  listsOfContact: async () =>
    (await crm.lists.membershipsApi.getLists('0-1', '1')).results.map((one) => one.listId),
  forms: async () => {
    const page = await hubspot.marketing.forms.formsApi.getPage(undefined, 100, false, ['all']);
    return ids(page);
  },
  form: async () => (await hubspot.marketing.forms.formsApi.getById('f-1')).name,
  submissions: async () =>
    (await raw({ path: '/form-integrations/v1/submissions/forms/f-1', qs: { limit: '50' } })).results.length,
  marketingEmails: async () => {
    const page = await hubspot.marketing.emails.marketingEmailsApi.getPage();
    return [page.total, page.results.map((one) => one.name)];
  },
  events: async () =>
    (await hubspot.events.eventsApi.getPage(undefined, 'e_visited_page')).results.map((one) => one.objectId),
  eventTypes: async () => (await hubspot.events.eventsApi.getTypes()).eventTypes,
  emailEvents: async () =>
    (await raw({ path: '/email/public/v1/events', qs: { limit: '10' } })).events.map((one) => one.type),
  account: async () => (await raw({ path: '/account-info/2026-09/details' })).portalId,
  dailyUsage: async () =>
    (await raw({ path: '/account-info/2026-09/api-usage/daily/private-apps' })).results[0].usageLimit,
  datedContacts: async () => ids(await raw({ path: '/crm/objects/2026-09/contacts', qs: { limit: '3' } })),
  datedSearch: async () =>
    (await raw({ method: 'POST', path: '/crm/objects/2026-09/contacts/search', body: { limit: 1 } })).total,
  oauthToken: async () => {
    const stranger = new Client({ basePath });
    const token = await stranger.oauth.tokensApi.create(
      'refresh_token',
      undefined,
      undefined,
      'sandbox-client',
      'sandbox-secret',
      'sandbox-refresh',
    );
    const known = await stranger.oauth.accessTokensApi.get(token.accessToken);
    const app = new Client({ accessToken: token.accessToken, basePath });
    return [token.expiresIn, known.hubId, ids(await app.crm.companies.basicApi.getPage(1))];
  },
  oauthRefused: async () => {
    try {
      await new Client({ basePath }).oauth.tokensApi.create(
        'refresh_token',
        undefined,
        undefined,
        'sandbox-client',
        'sandbox-secret',
        'nonsense',
      );
    } catch (error) {
      return [error.code, error.body.status];
    }
    return 'granted';
  },
  strangeToken: async () => {
    try {
      await new Client({ accessToken: 'nonsense', basePath }).crm.contacts.basicApi.getPage();
    } catch (error) {
      return [error.code, error.body.category];
    }
    return 'let in';
  },
};

(async () => {
  const outcomes = {};
  for (const [name, call] of Object.entries(calls)) {
    try {
      outcomes[name] = await call();
    } catch (error) {
      outcomes[name] = { failed: String(error.message ?? error) };
    }
  }
  process.stdout.write(JSON.stringify(outcomes));
})();
