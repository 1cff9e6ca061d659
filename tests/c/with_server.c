/* with_server DIRECTORY COMMAND…: serves the directory over HTTP and runs the command, in whose words {URL} stands for the address. */
#define _DEFAULT_SOURCE
#include "http_server.h"

#include <sys/wait.h>

/* A copy of `word` with {URL} replaced. */
static char *filled(const char *word, unsigned port) {
    const char *place = strstr(word, "{URL}");
    size_t room = strlen(word) + 64;
    char *text = malloc(room);
    if (!text) {
        exit(2);
    }
    if (place) {
        snprintf(text, room, "%.*shttp://127.0.0.1:%u/%s", (int)(place - word), word, port, place + 5);
    } else {
        strcpy(text, word);
    }
    return text;
}

int main(int argc, char **argv) {
    http_server *server = argc > 2 ? http_start(argv[1]) : NULL;
    pid_t child;
    int status = 0, i;
    if (!server) {
        fprintf(stderr, "usage: with_server DIRECTORY COMMAND...\n");
        return 2;
    }
    for (i = 2; i < argc; i++) {
        argv[i] = filled(argv[i], server->port);
    }
    child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    waitpid(child, &status, 0);
    http_stop(server);
    for (i = 2; i < argc; i++) {
        free(argv[i]);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
