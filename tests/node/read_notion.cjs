// Notion's official client at a stand-in: `node read_notion.cjs ADDRESS TOKEN GIVEN [workspace]`.
// GIVEN is a JSON object of ids. Prints one JSON object: what each call came to, by name; with
// `workspace` instead every database below the parent page, its rows as Sync key → numbers.
'use strict';

const {
  Client,
  collectAllDataSourceRows,
  collectDataSourceTemplates,
  collectPaginatedAPI,
  isFullBlock,
  isFullComment,
  isFullDatabase,
  isFullDataSource,
  isFullPage,
  isFullUser,
} = require('@notionhq/client');

const [baseUrl, auth, given, task] = process.argv.slice(2);
const ids = JSON.parse(given);
const quiet = () => {};
const options = { auth, baseUrl, notionVersion: '2026-03-11', logger: quiet };
const notion = new Client({ ...options, retry: false });

const text = (content) => [{ text: { content } }];
const words = (runs) => runs.map((run) => run.plain_text).join('');
const titled = (page) => words(Object.values(page.properties).find((one) => one.type === 'title').title);
const types = async (block_id) => (await notion.blocks.children.list({ block_id })).results.map((one) => one.type);
const refusal = async (promise) => {
  try {
    await promise;
  } catch (error) {
    return [error.status, error.code];
  }
  return 'done';
};
const made = {};

const calls = {
  me: async () => {
    const me = await notion.users.me({});
    return [me.type, me.bot.workspace_limits.max_file_upload_size_in_bytes, isFullUser(me)];
  },
  users: async () => (await collectPaginatedAPI(notion.users.list, { page_size: 1 })).map((one) => one.type).sort(),
  user: async () => (await notion.users.retrieve({ user_id: ids.person })).name,
  databaseMade: async () => {
    const database = await notion.databases.create({
      parent: { type: 'page_id', page_id: ids.hub },
      title: text('Ideas'),
      initial_data_source: { properties: { Idea: { title: {} }, Votes: { number: { format: 'number' } } } },
    });
    made.database = database.id;
    made.source = database.data_sources[0].id;
    return [isFullDatabase(database), 'properties' in database, words(database.title)];
  },
  database: async () => (await notion.databases.retrieve({ database_id: ids.database })).data_sources.length,
  databaseRenamed: async () =>
    words((await notion.databases.update({ database_id: made.database, title: text('Plans') })).title),
  source: async () => {
    const source = await notion.dataSources.retrieve({ data_source_id: ids.source });
    return [isFullDataSource(source), source.properties.Stage.select.options.map((one) => one.name)];
  },
  sourceChanged: async () => {
    const properties = { Votes: { name: 'Points' }, Url: { url: {} } };
    const source = await notion.dataSources.update({ data_source_id: made.source, properties });
    return Object.keys(source.properties).sort();
  },
  rowsPaged: async () => {
    const args = { data_source_id: ids.source, page_size: 2, filter_properties: ['title'] };
    const rows = await collectPaginatedAPI(notion.dataSources.query, args);
    return [rows.length, Object.keys(rows[0].properties), isFullPage(rows[0])];
  },
  rowsFiltered: async () =>
    (
      await notion.dataSources.query({
        data_source_id: ids.source,
        filter: { and: [{ property: 'Deals', number: { greater_than: 8 } }] },
        sorts: [{ property: 'Deals', direction: 'descending' }],
      })
    ).results.map((row) => row.properties.Deals.number),
  rowsCut: async () => {
    const answer = await notion.dataSources.query({ data_source_id: ids.source });
    return [answer.results.length, answer.has_more, answer.request_status.type];
  },
  rowsBeyondTheCut: async () => {
    const rows = await collectAllDataSourceRows(notion, { data_source_id: ids.source, page_size: 3 });
    return new Set(rows.map((row) => row.id)).size;
  },
  templates: async () => {
    const found = await collectDataSourceTemplates(notion, { data_source_id: ids.source, page_size: 1 });
    return found.map((one) => [one.name, one.is_default]);
  },
  rowFromTemplate: async () => {
    const page = await notion.pages.create({
      parent: { data_source_id: ids.source },
      properties: { Touchpoint: { title: text('From a template') } },
      template: { type: 'default' },
    });
    return types(page.id);
  },
  page: async () => {
    const page = await notion.pages.retrieve({ page_id: ids.row });
    return [titled(page), page.properties['In stage'].relation.length, page.properties['In stage'].has_more];
  },
  pageOneColumn: async () =>
    Object.keys((await notion.pages.retrieve({ page_id: ids.row, filter_properties: ['title'] })).properties),
  longCell: async () => {
    const { properties } = await notion.pages.retrieve({ page_id: ids.row });
    const args = { page_id: ids.row, property_id: properties['In stage'].id, page_size: 10 };
    return (await collectPaginatedAPI(notion.pages.properties.retrieve, args)).length;
  },
  pageMade: async () => {
    const page = await notion.pages.create({
      parent: { page_id: ids.hub },
      properties: { title: { title: text('Notes') } },
      icon: { type: 'emoji', emoji: '🗒️' },
      markdown: '## What\n- one\n\t- two\n<callout icon="🎯">\n\tWords\n</callout>',
    });
    made.page = page.id;
    return [titled(page), page.icon.emoji, await types(page.id)];
  },
  markdown: async () => (await notion.pages.retrieveMarkdown({ page_id: made.page })).markdown,
  markdownChanged: async () => {
    const content_updates = [{ old_str: '- one', new_str: '- first' }];
    const answer = await notion.pages.updateMarkdown({
      page_id: made.page,
      type: 'update_content',
      update_content: { content_updates },
    });
    return answer.markdown.split('\n')[1];
  },
  pageChanged: async () => {
    const page = await notion.pages.update({ page_id: ids.row, properties: { Deals: { number: 42 } } });
    return page.properties.Deals.number;
  },
  pageMoved: async () => {
    const page = await notion.pages.move({ page_id: made.page, parent: { type: 'data_source_id', data_source_id: made.source } });
    return [page.id === made.page, page.parent.type];
  },
  blocksAppended: async () => {
    const first = await notion.blocks.children.append({
      block_id: ids.row,
      children: [{ paragraph: { rich_text: text('a') } }, { paragraph: { rich_text: text('z') } }],
    });
    const anchor = first.results[0].id;
    const after = await notion.blocks.children.append({
      block_id: ids.row,
      children: [{ heading_2: { rich_text: text('m') } }],
      position: { type: 'after_block', after_block: { id: anchor } },
    });
    made.block = after.results[0].id;
    return [first.results.length, after.results.map((one) => one.type)];
  },
  blocks: async () => types(ids.row),
  block: async () => {
    const block = await notion.blocks.retrieve({ block_id: made.block });
    return [isFullBlock(block), words(block.heading_2.rich_text)];
  },
  blockChanged: async () =>
    words((await notion.blocks.update({ block_id: made.block, heading_2: { rich_text: text('middle') } })).heading_2.rich_text),
  blockDeleted: async () => (await notion.blocks.delete({ block_id: made.block })).in_trash,
  upload: async () => {
    const upload = await notion.fileUploads.create({ mode: 'single_part', filename: 'map.png', content_type: 'image/png' });
    const data = new Blob([new Uint8Array([137, 80, 78, 71])], { type: 'image/png' });
    const sent = await notion.fileUploads.send({ file_upload_id: upload.id, file: { data, filename: 'map.png' } });
    made.upload = upload.id;
    return [upload.status, sent.status, sent.content_length];
  },
  uploadRead: async () => (await notion.fileUploads.retrieve({ file_upload_id: made.upload })).filename,
  uploads: async () => (await notion.fileUploads.list({ status: 'uploaded' })).results.length,
  picture: async () => {
    const file = { type: 'file_upload', file_upload: { id: made.upload } };
    const answer = await notion.blocks.children.append({ block_id: ids.row, children: [{ image: file }] });
    made.picture = answer.results[0].id;
    return [answer.results[0].image.type, answer.results[0].image.file.url.includes(made.upload)];
  },
  pictureSwapped: async () => {
    const next = await notion.fileUploads.create({ filename: 'next.png', content_type: 'image/png' });
    await notion.fileUploads.send({ file_upload_id: next.id, file: { data: new Blob(['x'], { type: 'image/png' }), filename: 'next.png' } });
    const image = { file_upload: { id: next.id }, caption: text('The map') };
    const block = await notion.blocks.update({ block_id: made.picture, image });
    return [block.id === made.picture, block.image.file.url.includes(next.id), words(block.image.caption)];
  },
  commentMade: async () => {
    const comment = await notion.comments.create({ parent: { page_id: ids.row }, rich_text: text('Why?') });
    made.comment = comment.id;
    made.discussion = comment.discussion_id;
    return [isFullComment(comment), comment.display_name.type];
  },
  commentAnswered: async () =>
    (await notion.comments.create({ discussion_id: made.discussion, rich_text: text('So.') })).discussion_id === made.discussion,
  comments: async () => (await notion.comments.list({ block_id: ids.row })).results.map((one) => words(one.rich_text)),
  comment: async () => (await notion.comments.retrieve({ comment_id: made.comment })).parent.type,
  commentChanged: async () =>
    words((await notion.comments.update({ comment_id: made.comment, rich_text: text('How?') })).rich_text),
  commentDeleted: async () => {
    await notion.comments.delete({ comment_id: made.comment });
    return (await notion.comments.list({ block_id: ids.row })).results.length;
  },
  viewMade: async () => {
    const stage = ids.columns.Stage;
    const view = await notion.views.create({
      database_id: ids.database,
      data_source_id: ids.source,
      name: 'Board',
      type: 'board',
      configuration: { type: 'board', group_by: { type: 'select', property_id: stage, sort: { type: 'manual' } } },
    });
    made.view = view.id;
    return [view.type, view.configuration.group_by.property_id === decodeURIComponent(stage)];
  },
  views: async () => (await notion.views.list({ database_id: ids.database })).results.length,
  view: async () => (await notion.views.retrieve({ view_id: made.view })).name,
  viewChanged: async () => (await notion.views.update({ view_id: made.view, name: 'Ours' })).name,
  viewRows: async () => {
    const query = await notion.views.queries.create({ view_id: made.view, page_size: 2 });
    const rest = await notion.views.queries.results({ view_id: made.view, query_id: query.id, start_cursor: query.next_cursor });
    const gone = await notion.views.queries.delete({ view_id: made.view, query_id: query.id });
    return [query.total_count, query.results.length, rest.results.length, gone.deleted];
  },
  viewDeleted: async () => {
    await notion.views.delete({ view_id: made.view });
    return (await notion.views.list({ database_id: ids.database })).results.length;
  },
  search: async () => {
    const found = await notion.search({ query: 'demo', filter: { property: 'object', value: 'page' } });
    return found.results.map(titled);
  },
  emojis: async () => (await notion.customEmojis.list()).results.length,
  missing: async () => refusal(notion.pages.retrieve({ page_id: '1b8b8b8b-1b8b-4b8b-8b8b-1b8b8b8b8b8b' })),
  wrong: async () => refusal(notion.pages.update({ page_id: ids.row, properties: { Deals: { number: 'many' } } })),
  strangeToken: async () => refusal(new Client({ ...options, auth: 'ntn_other', retry: false }).users.me({})),
  overloaded: async () => {
    const patient = new Client({ ...options, retry: { maxRetries: 2, initialRetryDelayMs: 1, maxRetryDelayMs: 5 } });
    const page = await patient.request({ path: `pages/${ids.row}`, method: 'get', query: { overloaded: 'once' } });
    return titled(page);
  },
};

const numbers = (row) =>
  Object.fromEntries(
    Object.entries(row.properties)
      .filter(([, cell]) => cell.type === 'number')
      .map(([name, cell]) => [name, cell.number]),
  );

const databasesBelow = async (block_id) => {
  const found = [];
  for (const block of await collectPaginatedAPI(notion.blocks.children.list, { block_id })) {
    if (block.type === 'child_database') found.push(block.id);
    if (block.type === 'child_page' || block.has_children) found.push(...(await databasesBelow(block.id)));
  }
  return found;
};

const workspace = async () => {
  const read = {};
  for (const database_id of await databasesBelow(ids.parent)) {
    const database = await notion.databases.retrieve({ database_id });
    for (const { id } of database.data_sources) {
      const source = await notion.dataSources.retrieve({ data_source_id: id });
      if (source.parent.database_id !== database_id) continue;
      const rows = await collectPaginatedAPI(notion.dataSources.query, { data_source_id: id });
      read[words(source.title)] = Object.fromEntries(
        rows.map((row) => [words(row.properties['Sync key'].rich_text), numbers(row)]),
      );
    }
  }
  return read;
};

(async () => {
  if (task === 'workspace') {
    console.log(JSON.stringify(await workspace()));
    return;
  }
  const answers = {};
  for (const [name, call] of Object.entries(calls)) {
    answers[name] = await call().catch((error) => `${error.name}: ${error.message}`);
  }
  console.log(JSON.stringify(answers));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
