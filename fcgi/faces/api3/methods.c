/* The table of methods: wire/api3.md 3.2 and fcgi/API.md. Whatever is not in it is 404. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "faces/api3/call.h"

#define LOGIN "authenticateUser"

/* clang-format off: a row a method */
static const struct api3_method methods[] = {
    {API3_AUTHENTICATION, LOGIN, API3_ANYBODY, API3_ANY_SCOPE, API3_USER, API3_OBJECT,
	API3_READS, api3_authenticate_user},
    {API3_AUTHENTICATION, LOGIN "ByToken", API3_ANYBODY, API3_ANY_SCOPE, API3_USER, API3_OBJECT,
	API3_READS, api3_authenticate_by_token},

    {API3_TASKS, "findSchedule", API3_ALL_ROLES, SCOPE_READ, API3_SCHEDULE, API3_OBJECT,
	API3_READS, api3_find_schedule},
    {API3_TASKS, "runSchedule", API3_ALL_ROLES, SCOPE_RUN, API3_SCHEDULE, API3_OBJECT,
	API3_WRITES, api3_run_schedule},
    {API3_TASKS, "suspendSchedule", API3_ADMINS, SCOPE_MANAGE, API3_SCHEDULE, API3_ID,
	API3_WRITES, api3_suspend_schedule},
    {API3_TASKS, "resumeSchedule", API3_ADMINS, SCOPE_MANAGE, API3_SCHEDULE, API3_ID,
	API3_WRITES, api3_resume_schedule},
    {API3_TASKS, "deleteSchedule", API3_ADMINS, SCOPE_MANAGE, API3_SCHEDULE, API3_ID,
	API3_WRITES, api3_delete_schedule},
    {API3_TASKS, "deleteSchedules", API3_ADMINS, SCOPE_MANAGE, API3_SCHEDULE, API3_LIST,
	API3_WRITES, api3_delete_schedules},
    {API3_TASKS, "getSchedulesForUser", API3_ALL_ROLES, SCOPE_READ, API3_USER, API3_ID_TEXT,
	API3_READS, api3_get_schedules_for_user},
    {API3_TASKS, "runOnDemandSchedules", API3_ALL_ROLES, SCOPE_RUN, API3_SCHEDULE, API3_NOTHING,
	API3_READS, NULL},
    {API3_TASKS, "getScheduleExecutionStatus", API3_ALL_ROLES, SCOPE_READ, API3_EXECUTION,
	API3_ID, API3_READS, api3_get_execution_status},
    {API3_TASKS, "getTasksIds", API3_ALL_ROLES, SCOPE_READ, API3_EXECUTION, API3_ID, API3_READS,
	api3_get_tasks_ids},
    {API3_TASKS, "getTasks", API3_ALL_ROLES, SCOPE_READ, API3_EXECUTION, API3_ID, API3_READS,
	api3_get_tasks},
    {API3_TASKS, "getTaskData", API3_ALL_ROLES, SCOPE_READ, API3_TASK, API3_ID, API3_READS,
	api3_get_task_data},
    {API3_TASKS, "getExecutions", API3_ALL_ROLES, SCOPE_READ, API3_SCHEDULE, API3_ID,
	API3_READS, api3_get_executions},
    {API3_TASKS, "getTaskOutputs", API3_ALL_ROLES, SCOPE_RESULTS, API3_TASK, API3_ID,
	API3_READS, api3_get_task_outputs},
    {API3_TASKS, "getTaskOutputsForUser", API3_ALL_ROLES, SCOPE_RESULTS, API3_TASK, API3_OBJECT,
	API3_READS, api3_get_task_outputs_for_user},
    {API3_TASKS, "reRunTask", API3_ALL_ROLES, SCOPE_RUN, API3_TASK, API3_ID, API3_WRITES,
	api3_rerun_task},

    {API3_TASKS, "createSchedule", API3_ADMINS, SCOPE_MANAGE, API3_SCHEDULE, API3_OBJECT,
	API3_WRITES, api3_create_schedule},
    {API3_TASKS, "getSchedule", API3_ALL_ROLES, SCOPE_READ, API3_SCHEDULE, API3_ID, API3_READS,
	api3_get_schedule},
    {API3_TASKS, "updateSchedule", API3_ADMINS, SCOPE_MANAGE, API3_SCHEDULE, API3_OBJECT,
	API3_WRITES, api3_update_schedule},
    {API3_TASKS, "listSchedules", API3_ALL_ROLES, SCOPE_READ, API3_SCHEDULE, API3_OBJECT,
	API3_READS, api3_list_schedules},
    {API3_TASKS, "applySchedules", API3_ADMINS, SCOPE_MANAGE, API3_SCHEDULE, API3_OBJECT,
	API3_WRITES, api3_apply_schedules},
    {API3_TASKS, "previewSchedule", API3_ALL_ROLES, SCOPE_READ, API3_SCHEDULE, API3_OBJECT,
	API3_READS, api3_preview_schedule},
    {API3_TASKS, "explainSchedule", API3_ALL_ROLES, SCOPE_READ, API3_SCHEDULE, API3_OBJECT,
	API3_READS, api3_explain_schedule},
    {API3_TASKS, "suspendSchedules", API3_ADMINS, SCOPE_MANAGE, API3_SCHEDULE, API3_OBJECT,
	API3_WRITES, api3_suspend_schedules},
    {API3_TASKS, "resumeSchedules", API3_ADMINS, SCOPE_MANAGE, API3_SCHEDULE, API3_OBJECT,
	API3_WRITES, api3_resume_schedules},
    {API3_TASKS, "getExecution", API3_ALL_ROLES, SCOPE_READ, API3_EXECUTION, API3_ID,
	API3_READS, api3_get_execution},
    {API3_TASKS, "listExecutions", API3_ALL_ROLES, SCOPE_READ, API3_SCHEDULE, API3_OBJECT,
	API3_READS, api3_list_executions},
    {API3_TASKS, "cancelExecution", API3_ALL_ROLES, SCOPE_RUN, API3_EXECUTION, API3_ID,
	API3_WRITES, api3_cancel_execution},
    {API3_TASKS, "listOccurrences", API3_ALL_ROLES, SCOPE_READ, API3_SCHEDULE, API3_OBJECT,
	API3_READS, api3_list_occurrences},
    {API3_TASKS, "getTaskLog", API3_ALL_ROLES, SCOPE_READ, API3_TASK, API3_OBJECT, API3_READS,
	api3_get_task_log},
    {API3_TASKS, "getAttempt", API3_ALL_ROLES, SCOPE_READ, API3_TASK, API3_OBJECT, API3_READS,
	api3_get_attempt},
    {API3_TASKS, "getTaskOutput", API3_ALL_ROLES, SCOPE_RESULTS, API3_OUTPUT, API3_ID,
	API3_READS, api3_get_task_output},
    {API3_TASKS, "setSecret", API3_ADMINS, SCOPE_MANAGE, API3_SECRET, API3_OBJECT, API3_WRITES,
	api3_set_secret},
    {API3_TASKS, "deleteSecret", API3_ADMINS, SCOPE_MANAGE, API3_SECRET, API3_OBJECT,
	API3_WRITES, api3_delete_secret},
    {API3_TASKS, "listSecrets", API3_ADMINS, SCOPE_MANAGE, API3_SECRET, API3_NOTHING,
	API3_READS, api3_list_secrets},
    {API3_TASKS, "setGroup", API3_ADMINS, SCOPE_MANAGE, API3_GROUP, API3_OBJECT, API3_WRITES,
	api3_set_group},
    {API3_TASKS, "listGroups", API3_ALL_ROLES, SCOPE_READ, API3_GROUP, API3_OBJECT, API3_READS,
	api3_list_groups},
    {API3_TASKS, "listNotifications", API3_ALL_ROLES, SCOPE_READ, API3_SCHEDULE, API3_OBJECT,
	API3_READS, api3_list_notifications},

    {API3_TASKS, "createCalendar", API3_ADMINS, SCOPE_MANAGE, API3_CALENDAR, API3_OBJECT,
	API3_WRITES, api3_create_calendar},
    {API3_TASKS, "updateCalendar", API3_ADMINS, SCOPE_MANAGE, API3_CALENDAR, API3_OBJECT,
	API3_WRITES, api3_update_calendar},
    {API3_TASKS, "getCalendar", API3_ALL_ROLES, SCOPE_READ, API3_CALENDAR, API3_ID, API3_READS,
	api3_get_calendar},
    {API3_TASKS, "listCalendars", API3_ALL_ROLES, SCOPE_READ, API3_CALENDAR, API3_OBJECT,
	API3_READS, api3_list_calendars},
    {API3_TASKS, "deleteCalendar", API3_ADMINS, SCOPE_MANAGE, API3_CALENDAR, API3_ID,
	API3_WRITES, api3_delete_calendar},
    {API3_TASKS, "importCalendar", API3_ADMINS, SCOPE_MANAGE, API3_CALENDAR, API3_OBJECT,
	API3_WRITES, api3_import_calendar},

    {API3_ACCESS, "createUser", API3_ADMINS, SCOPE_ACCESS, API3_USER, API3_OBJECT, API3_WRITES,
	api3_create_user},
    {API3_ACCESS, "updateUser", API3_ADMINS, SCOPE_ACCESS, API3_USER, API3_OBJECT, API3_WRITES,
	api3_update_user},
    {API3_ACCESS, "deleteUser", API3_ADMINS, SCOPE_ACCESS, API3_USER, API3_ID, API3_WRITES,
	api3_delete_user},
    {API3_ACCESS, "listUsers", API3_ADMINS, SCOPE_ACCESS, API3_USER, API3_OBJECT, API3_READS,
	api3_list_users},
    {API3_ACCESS, "changePassword", API3_ALL_ROLES, API3_ANY_SCOPE, API3_USER, API3_OBJECT,
	API3_WRITES, api3_change_password},
    {API3_ACCESS, "createToken", API3_ALL_ROLES, SCOPE_ACCESS, API3_USER, API3_OBJECT,
	API3_WRITES, api3_create_token},
    {API3_ACCESS, "rotateToken", API3_ALL_ROLES, SCOPE_ACCESS, API3_TOKEN, API3_OBJECT,
	API3_WRITES, api3_rotate_token},
    {API3_ACCESS, "revokeToken", API3_ALL_ROLES, SCOPE_ACCESS, API3_TOKEN, API3_ID, API3_WRITES,
	api3_revoke_token},
    {API3_ACCESS, "listTokens", API3_ALL_ROLES, SCOPE_ACCESS, API3_USER, API3_OBJECT,
	API3_READS, api3_list_tokens},
    {API3_ACCESS, "whoAmI", API3_ALL_ROLES, API3_ANY_SCOPE, API3_USER, API3_NOTHING, API3_READS,
	api3_who_am_i},
    {API3_ACCESS, "createTenant", API3_ENTERPRISE, SCOPE_ACCESS, API3_TENANT, API3_OBJECT,
	API3_WRITES, api3_create_tenant},
    {API3_ACCESS, "updateTenant", API3_ENTERPRISE, SCOPE_ACCESS, API3_TENANT, API3_OBJECT,
	API3_WRITES, api3_update_tenant},
    {API3_ACCESS, "deleteTenant", API3_ENTERPRISE, SCOPE_ACCESS, API3_TENANT, API3_ID,
	API3_WRITES, api3_delete_tenant},
    {API3_ACCESS, "listTenants", API3_ENTERPRISE, SCOPE_ACCESS, API3_TENANT, API3_NOTHING,
	API3_READS, api3_list_tenants},

    {API3_AUDIT, "list", API3_ADMINS, SCOPE_ACCESS, API3_USER, API3_OBJECT, API3_READS,
	api3_list_audit},
    {API3_AUDIT, "verify", API3_ADMINS, SCOPE_ACCESS, API3_USER, API3_NOTHING, API3_READS,
	api3_verify_audit},
};
/* clang-format on */

/* The many other ways to log in: authenticateUserSAML, authenticateUserWindowsEmbed and so on.
 */
static const struct api3_method other_login = {API3_AUTHENTICATION, LOGIN, API3_ANYBODY,
    API3_ANY_SCOPE, API3_USER, API3_NOTHING, API3_READS, NULL};

static const struct {
	const char *head;
	enum api3_service service;
} services[] = {
    {"tasks/", API3_TASKS},
    {"authentication/", API3_AUTHENTICATION},
    {"auth/", API3_AUTHENTICATION},
    {"access/", API3_ACCESS},
    {"audit/", API3_AUDIT},
};

static bool
is_other_login(enum api3_service service, const char *name)
{
	if (service != API3_AUTHENTICATION || strncmp(name, LOGIN, sizeof LOGIN - 1))
		return false;
	for (; *name; name++) {
		if (!isalnum((unsigned char)*name))
			return false;
	}
	return true;
}

static const struct api3_method *
find_in_service(enum api3_service service, const char *name)
{
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		if (methods[i].service == service && !strcmp(methods[i].name, name))
			return &methods[i];
	}
	return is_other_login(service, name) ? &other_login : NULL;
}

const struct api3_method *
api3_find_method(const char *path, const char **name)
{
	static const char prefix[] = "/api3/";
	const char *rest = path + sizeof prefix - 1;

	if (strncasecmp(path, prefix, sizeof prefix - 1))
		return NULL;
	for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
		size_t len = strlen(services[i].head);

		if (!strncmp(rest, services[i].head, len)) {
			*name = rest + len;
			return find_in_service(services[i].service, *name);
		}
	}
	return NULL;
}
