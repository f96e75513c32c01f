# One image for every process of Guiwei. docker-compose.yml says which command each service runs.
FROM python:3.13-slim AS build
WORKDIR /guiwei
COPY requirements.lock ./
RUN python -m venv /opt/guiwei \
    && /opt/guiwei/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md ./
COPY inventory ./inventory
COPY devices ./devices
COPY web ./web
COPY guiwei ./guiwei
RUN /opt/guiwei/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps .

FROM python:3.13-slim
RUN useradd --system --create-home --home-dir /var/lib/guiwei guiwei && chmod 700 /var/lib/guiwei \
    && install --directory --owner=guiwei --mode=700 /var/lib/guiwei-signing
COPY --from=build /opt/guiwei /opt/guiwei
ENV PATH=/opt/guiwei/bin:$PATH GUIWEI_DATA_DIR=/var/lib/guiwei PYTHONUNBUFFERED=1
USER guiwei
WORKDIR /var/lib/guiwei
VOLUME /var/lib/guiwei
EXPOSE 8000
ENTRYPOINT ["guiwei"]
CMD ["web"]
