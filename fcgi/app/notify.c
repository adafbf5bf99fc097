/* Telling a service manager how it goes: see notify.h. */
#include "app/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_un manager = {.sun_family = AF_UNIX};
static socklen_t manager_len; /* 0: nobody listens */

void
notify_init(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;

	if (len > 1 && len < sizeof manager.sun_path && (*path == '/' || *path == '@')) {
		memcpy(manager.sun_path, path, len);
		/* An abstract name is as long as its length says, and begins with a NUL. */
		if (*path == '@')
			manager.sun_path[0] = '\0';
		manager_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	}
	unsetenv("NOTIFY_SOCKET");
}

void
notify_send(const char *lines)
{
	int fd;

	if (!manager_len)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, lines, strlen(lines), MSG_NOSIGNAL | MSG_DONTWAIT,
	    (struct sockaddr *)&manager, manager_len);
	close(fd);
}
