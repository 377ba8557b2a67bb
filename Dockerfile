# One image for the API and the worker; the command says which. The steps are those of `npm run build` anywhere else.
# Base images are named by version and digest; docs/operations.md says how a newer one is found.
FROM node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6 AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY console/package.json console/
RUN npm ci
COPY . .
RUN npm run build

FROM node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6 AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY console/package.json console/
RUN npm ci --omit=dev

FROM node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6
# The Temporal SDK talks TLS to a cluster and needs the system's certificates.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production
WORKDIR /app
# Owned by root: the process that runs can't change its own code.
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY ledger/migrations ledger/migrations
COPY ledger/functions ledger/functions
COPY package.json ./
# Where archived usage, files and backups go, volumes: the rest of the root may be read-only.
RUN install -d -o node -g node /archive /files /backups
USER node
EXPOSE 3000
CMD ["node", "--enable-source-maps", "--min-semi-space-size=32", "--max-semi-space-size=32", "dist/api/main.js"]
