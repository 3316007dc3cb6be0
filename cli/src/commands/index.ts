import type { Command } from '../core/index.ts'
import { link as adminLink } from './admin/link.ts'
import { ack } from './alarm/ack.ts'
import { list as alarmList } from './alarm/list.ts'
import { api } from './api.ts'
import { list as auditList } from './audit/list.ts'
import { certs } from './certs/make.ts'
import { certsRotate } from './certs/rotate.ts'
import { connect } from './cluster/connect.ts'
import { create as clusterCreate } from './cluster/create.ts'
import { remove as clusterDelete } from './cluster/delete.ts'
import { install } from './cluster/install.ts'
import { list as clusterList } from './cluster/list.ts'
import { rotate as clusterRotate } from './cluster/rotate.ts'
import { show as clusterShow } from './cluster/show.ts'
import { status as clusterStatus } from './cluster/status.ts'
import { update as clusterUpdate, start, stop } from './cluster/update.ts'
import { completionOf } from './completion.ts'
import { history as containerHistory } from './container/history.ts'
import { list as containerList } from './container/list.ts'
import { list as contextList } from './context/list.ts'
import { show as contextShow } from './context/show.ts'
import { use as contextUse } from './context/use.ts'
import { remove as controllerDelete } from './controller/delete.ts'
import { list as controllerList } from './controller/list.ts'
import { rotate } from './controller/rotate.ts'
import { run as controllerRun } from './controller/run.ts'
import { token as controllerToken } from './controller/token.ts'
import { list as decisionList } from './decision/list.ts'
import { remove as demoRemove } from './demo/remove.ts'
import { doctor } from './doctor.ts'
import { create as environmentCreate } from './environment/create.ts'
import { remove as environmentDelete } from './environment/delete.ts'
import { list as environmentList } from './environment/list.ts'
import { preview as environmentPreview } from './environment/preview.ts'
import { show as environmentShow } from './environment/show.ts'
import { update as environmentUpdate } from './environment/update.ts'
import { explain } from './explain.ts'
import { list as imageList } from './image/list.ts'
import { runs as imageRuns } from './image/runs.ts'
import { diff as inventoryDiff } from './inventory/diff.ts'
import { show as inventoryShow } from './inventory/show.ts'
import { login } from './login.ts'
import { logout } from './logout.ts'
import { map } from './map.ts'
import { diff as objectDiff } from './object/diff.ts'
import { list as objectList } from './object/list.ts'
import { show as objectShow } from './object/show.ts'
import { list as podList } from './pod/list.ts'
import { backup } from './record/backup.ts'
import { completeness } from './record/completeness.ts'
import { exportAccesses } from './record/export.ts'
import { fields } from './record/fields.ts'
import { forecast } from './record/forecast.ts'
import { restore } from './record/restore.ts'
import { retain } from './record/retain.ts'
import { search } from './record/search.ts'
import { show as recordShow } from './record/show.ts'
import { tail } from './record/tail.ts'
import { verify } from './record/verify.ts'
import { remove as searchDelete } from './search/delete.ts'
import { list as searchList } from './search/list.ts'
import { save } from './search/save.ts'
import { set as settingsSet } from './settings/set.ts'
import { show as settingsShow } from './settings/show.ts'
import { create as sinkCreate } from './sink/create.ts'
import { remove as sinkDelete } from './sink/delete.ts'
import { disable } from './sink/disable.ts'
import { enable } from './sink/enable.ts'
import { list as sinkList } from './sink/list.ts'
import { list as sourceList } from './source/list.ts'
import { status } from './status.ts'
import { create as tokenCreate } from './token/create.ts'
import { remove as tokenDelete } from './token/delete.ts'
import { list as tokenList } from './token/list.ts'
import { create as userCreate } from './user/create.ts'
import { remove as userDelete } from './user/delete.ts'
import { link as userLink } from './user/link.ts'
import { list as userList } from './user/list.ts'
import { update as userUpdate } from './user/update.ts'
import { list as workloadList } from './workload/list.ts'

/** What the first words mean. */
export const nouns = {
  record: 'the record of all accesses: search, follow, export, verify, keep',
  source: 'the proxies that report',
  inventory: 'what there is in clusters, and was',
  workload: 'workloads with their pods',
  pod: 'pods',
  container: 'containers: what runs, and what ran',
  image: 'images by the digest that ran',
  object: 'Kubernetes objects of any kind',
  cluster: 'clusters: define, connect, watch, remove',
  environment: 'namespaces of any clusters under one name',
  decision: 'what admission has decided',
  controller: 'controllers: one per cluster, or beside plain Envoys',
  token: 'API tokens',
  user: 'people who may sign in',
  search: 'saved searches',
  sink: 'where accesses are forwarded to',
  audit: 'who changed what',
  alarm: 'what needs somebody’s eyes',
  settings: 'retention, disk floor, redaction',
  context: 'the servers that this command line knows',
  admin: 'for whoever owns the machine of the server',
  demo: 'the demo bank',
} as const

/** Every verb, in the order in which help lists them. */
export const commands: readonly Command[] = [
  ...[login, logout, status, doctor, map],
  ...[search, tail, recordShow, exportAccesses, fields, completeness, verify, forecast, retain, backup, restore],
  sourceList,
  ...[inventoryShow, inventoryDiff, workloadList, podList],
  ...[containerList, containerHistory, imageList, imageRuns, objectList, objectShow, objectDiff],
  ...[clusterList, clusterCreate, install, clusterShow, clusterStatus, clusterUpdate, connect, stop, start, clusterRotate, clusterDelete],
  ...[environmentList, environmentShow, environmentCreate, environmentUpdate, environmentDelete, environmentPreview],
  decisionList,
  ...[controllerRun, controllerToken, controllerList, rotate, controllerDelete],
  ...[searchList, save, searchDelete],
  ...[sinkList, sinkCreate, enable, disable, sinkDelete],
  ...[alarmList, ack],
  auditList,
  ...[userList, userCreate, userUpdate, userLink, userDelete],
  ...[tokenList, tokenCreate, tokenDelete],
  ...[settingsShow, settingsSet],
  ...[contextList, contextShow, contextUse],
  adminLink,
  demoRemove,
  ...[certs, certsRotate],
  explain,
  api,
  completionOf(() => commands),
]
