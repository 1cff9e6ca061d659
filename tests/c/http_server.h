/* A small HTTP server for the tests: one thread, ranges, files of one directory; 404 for what is not there, and no answer at all for /hang. */
#ifndef COG_TESTS_HTTP_SERVER_H
#define COG_TESTS_HTTP_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HTTP_CONNECTIONS = 64, HTTP_REQUEST = 8192 };

typedef struct {
    int fd;
    size_t len;
    char text[HTTP_REQUEST];
} http_connection;

typedef struct {
    const char *directory;
    int listener, wake[2];
    unsigned port;
    pthread_t thread;
    http_connection connections[HTTP_CONNECTIONS];
    size_t count;
} http_server;

static void http_send(int fd, const char *bytes, size_t len) {
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        bytes += sent;
        len -= (size_t)sent;
    }
}

static void http_not_found(int fd) {
    static const char answer[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    http_send(fd, answer, sizeof answer - 1);
}

static void http_answer(const http_server *server, int fd, const char *request) {
    char name[256], path[1024], head[256];
    const char *range = strstr(request, "bytes=");
    unsigned long long first = 0, last = 0;
    FILE *file;
    long size;
    char *body;
    if (sscanf(request, "GET /%255[^ ?]", name) != 1 || strchr(name, '/')) {
        http_not_found(fd);
        return;
    }
    if (!strcmp(name, "hang")) {
        return;
    }
    snprintf(path, sizeof path, "%s/%s", server->directory, name);
    file = fopen(path, "rb");
    if (!file) {
        http_not_found(fd);
        return;
    }
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    last = (unsigned long long)size - 1;
    if (range && sscanf(range, "bytes=%llu-%llu", &first, &last) == 2 && last >= (unsigned long long)size) {
        last = (unsigned long long)size - 1;
    }
    body = malloc((size_t)(last - first + 1));
    fseek(file, (long)first, SEEK_SET);
    if (body && fread(body, 1, (size_t)(last - first + 1), file) == (size_t)(last - first + 1)) {
        snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %llu\r\nContent-Range: bytes %llu-%llu/%ld\r\nETag: \"1\"\r\n\r\n",
                 range ? "206 Partial Content" : "200 OK", last - first + 1, first, last, size);
        http_send(fd, head, strlen(head));
        http_send(fd, body, (size_t)(last - first + 1));
    }
    free(body);
    fclose(file);
}

/* Takes what a client sent. Returns 0 where it has gone. */
static int http_receive(const http_server *server, http_connection *c) {
    ssize_t got = recv(c->fd, c->text + c->len, HTTP_REQUEST - 1 - c->len, 0);
    if (got <= 0) {
        close(c->fd);
        return 0;
    }
    c->len += (size_t)got;
    c->text[c->len] = '\0';
    if (strstr(c->text, "\r\n\r\n")) {
        http_answer(server, c->fd, c->text);
        c->len = 0;
    }
    return 1;
}

static void *http_run(void *argument) {
    http_server *server = argument;
    for (;;) {
        struct pollfd fds[HTTP_CONNECTIONS + 2];
        size_t i, n = server->count;
        memset(fds, 0, sizeof fds);
        fds[0].fd = server->wake[0];
        fds[1].fd = server->count < HTTP_CONNECTIONS ? server->listener : -1;
        for (i = 0; i < n; i++) {
            fds[i + 2].fd = server->connections[i].fd;
        }
        for (i = 0; i < n + 2; i++) {
            fds[i].events = POLLIN;
        }
        poll(fds, (nfds_t)(n + 2), -1);
        if (fds[0].revents) {
            break;
        }
        for (i = n; i-- > 0;) {
            if (fds[i + 2].revents && !http_receive(server, &server->connections[i])) {
                server->connections[i] = server->connections[--server->count];
            }
        }
        if (fds[1].revents) {
            http_connection *c = &server->connections[server->count];
            c->fd = accept(server->listener, NULL, NULL);
            c->len = 0;
            server->count += c->fd >= 0;
        }
    }
    while (server->count > 0) {
        close(server->connections[--server->count].fd);
    }
    return NULL;
}

/* Returns NULL where it can't be started. */
static http_server *http_start(const char *directory) {
    http_server *server = calloc(1, sizeof *server);
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!server) {
        return NULL;
    }
    server->directory = directory;
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (server->listener < 0 || bind(server->listener, (struct sockaddr *)&address, sizeof address) || listen(server->listener, 64) ||
        getsockname(server->listener, (struct sockaddr *)&address, &len) || pipe(server->wake) ||
        pthread_create(&server->thread, NULL, http_run, server)) {
        free(server);
        return NULL;
    }
    server->port = ntohs(address.sin_port);
    return server;
}

static void http_stop(http_server *server) {
    if (write(server->wake[1], "x", 1) == 1) {
        pthread_join(server->thread, NULL);
    }
    close(server->listener);
    close(server->wake[0]);
    close(server->wake[1]);
    free(server);
}

#endif
