# syntax=docker/dockerfile:1
# The whole site in one image: `docker compose up` or `docker run -p 8000:8000 -v vanceweb:/data vanceweb`.

FROM node:22-bookworm-slim AS front-end
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM python:3.11-slim-bookworm AS site
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN useradd --uid 10001 --create-home --home-dir /home/vanceweb vanceweb \
    && install -d -o vanceweb -g vanceweb /data /models /srv/vanceweb
WORKDIR /srv/vanceweb
COPY requirements.txt ./
RUN python -m venv .venv && .venv/bin/pip install --require-hashes -r requirements.txt
COPY --from=front-end /build/node_modules ./node_modules
COPY LICENSE NOTICE manage.py pyproject.toml ./
COPY vanceweb ./vanceweb
COPY templates ./templates
COPY static ./static

ENV PATH=/srv/vanceweb/.venv/bin:$PATH \
    HOST=0.0.0.0 PORT=8000 DATA_DIR=/data MODELS_DIR=/models \
    STATIC_ROOT=/srv/vanceweb/collected COLLECT_STATIC=off
# This writes no keys: the first start of a container creates them in its own DATA_DIR. The collected files are readable
# by their owner only.
RUN python manage.py collectstatic --no-input --verbosity 0 \
    && chown -R vanceweb:vanceweb "$STATIC_ROOT" \
    && rm -rf node_modules

USER vanceweb
VOLUME ["/data", "/models"]
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=6s --start-period=120s CMD ["python", "-m", "vanceweb.ops.probe"]
STOPSIGNAL SIGTERM
CMD ["python", "manage.py", "up"]
