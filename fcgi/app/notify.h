/*
 * Telling a service manager how it goes (sd_notify(3), done by hand: one datagram). Nothing
 * happens without $NOTIFY_SOCKET.
 */
#ifndef APP_NOTIFY_H
#define APP_NOTIFY_H

/* Remember and remove $NOTIFY_SOCKET, so that no child speaks for the service. */
void notify_init(void);

/* Send lines such as "READY=1", separated by newlines. A manager that does not listen is its
 * own problem. */
void notify_send(const char *lines);

#endif
